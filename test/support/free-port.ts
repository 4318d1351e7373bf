import { once } from "node:events";
import { createServer } from "node:net";

/** Ports below those that the system gives out by itself, which another test could get in the meantime (Linux: 32768). */
const [lowest, count] = [10_000, 22_000];

/** A port of the loopback interface on which nobody listens, and that stays so unless a test asks for it. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * count);
    if (await isFree(port)) return port;
  }
  throw new Error("no free port found");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
