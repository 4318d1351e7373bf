import type { FastifyReply } from "fastify";

/** Sets on the response what has been set on a reply, which Fastify keeps until it responds itself. */
export function setReplyHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
}
