import { once } from "node:events";
import { Agent, request, type IncomingHttpHeaders } from "node:http";

/** What a client of the balancer got. */
export interface Answer {
  readonly id: string;
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

let lastId = 0;

/** Sends `count` requests, eight at a time, each with an id of its own. */
export async function load(
  origin: string,
  method: "GET" | "POST",
  path: string,
  count: number,
): Promise<readonly Answer[]> {
  const agent = new Agent({ keepAlive: true });
  const answers: Answer[] = [];
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      answers.push(await send(agent, origin + path, method, `request-${(lastId += 1)}`));
    }
  };
  try {
    await Promise.all(Array.from({ length: 8 }, client));
  } finally {
    agent.destroy();
  }
  return answers;
}

async function send(agent: Agent, url: string, method: string, id: string): Promise<Answer> {
  const headers = { "x-request-id": id, "content-type": "text/plain" };
  const outgoing = request(url, { agent, method, headers, timeout: 20_000 });
  outgoing.once("timeout", () => outgoing.destroy());
  outgoing.end(method === "POST" ? "1 tea" : undefined);
  try {
    const [response] = await once(outgoing, "response");
    await once(response.resume(), "close");
    return { id, status: response.statusCode, headers: response.headers };
  } catch {
    return { id, status: 0, headers: {} };
  }
}

/** How often each status came. */
export function statuses(answers: readonly Answer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
