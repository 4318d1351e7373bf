// @ts-check
// The heap with so many calls held open, and once they have ended: node held-calls.js <client> <origin> <calls>
import { once } from "node:events";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { clients } from "../clients.js";
import { heapBytes } from "./heap.js";

const [name = "", origin = "", count = ""] = process.argv.slice(2);
const calls = Number(count);

// Loads and compiles what a call needs.
const plain = clients[name](origin, 1, { path: "/2", method: "GET" });
for (let times = 0; times < 200; times += 1) await plain();
await ask("/holding");

const call = clients[name](origin, calls, { path: "/held", method: "GET" });
const before = await heapBytes();
const underWay = Promise.all(Array.from({ length: calls }, async () => void (await call())));
for (let tries = 0; (await ask("/holding")) !== count; tries += 1) {
  if (tries === 500) throw new Error("the calls do not arrive");
  await sleep(20);
}
const inFlight = await heapBytes();
await ask("/release");
await underWay;
const idle = await heapBytes();

process.send?.({ inFlight: (inFlight - before) / calls, idle: (idle - before) / calls }, () => {
  process.exit();
});

/** @param {string} path */
async function ask(path) {
  const [answer] = await once(get(origin + path, { agent: false }), "response");
  return (await answer.setEncoding("utf8").toArray()).join("");
}
