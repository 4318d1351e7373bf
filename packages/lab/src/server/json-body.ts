import type { IncomingMessage } from "node:http";

/** Largest body that is read, in bytes: settings take about a hundred. */
const maxBytes = 4_096;

/**
 * Reads a JSON body.
 *
 * @throws RangeError for one that is too large; SyntaxError for one that is not JSON
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RangeError(`The body is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
