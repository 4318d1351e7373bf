import type { FastifyReply } from "fastify";

/** Copies headers from a reply, where Fastify stores them until it responds itself, to the response. */
export function setReplyHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
}
