// @ts-check
// The heap before and after so many calls: node ended-calls.js <client> <origin> <calls>
import { clients } from "../clients.js";
import { heapBytes } from "./heap.js";
import { drive } from "./load.js";

const [name = "", origin = "", count = ""] = process.argv.slice(2);
const concurrency = 64;
const requests = Number(count);

const call = clients[name](origin, concurrency, { path: "/2", method: "GET" });
// Opens the connections and compiles everything.
await drive(call, { requests: requests / 5, concurrency });
const before = await heapBytes();
await drive(call, { requests, concurrency });
const after = await heapBytes();

process.send?.({ before, after }, () => process.exit());
