// Claims every id 16 times at once, and prints how many times it was let in for each: node redis-claimant.js port ids…
import { randomUUID } from "node:crypto";

import { redisStore } from "@reissue/store-redis";
import { createClient } from "redis";

const [port, ...ids] = process.argv.slice(2);
const client = createClient({ socket: { host: "127.0.0.1", port: Number(port) } });
await client.connect();
const store = redisStore({ client });

console.log("ready");
process.stdin.once("data", async () => {
  const wins = [];
  // A few ids at a time: the client gives up what waits in it for 5 s.
  for (let start = 0; start < ids.length; start += 20) {
    wins.push(...(await Promise.all(ids.slice(start, start + 20).map(winsOf))));
  }
  console.log(JSON.stringify(wins));
  await client.close();
  process.exit();
});

/** @param {string} id */
async function winsOf(id) {
  const claims = Array.from({ length: 16 }, async () =>
    store.claim({
      id,
      owner: randomUUID(),
      fingerprint: "same",
      leaseMs: 60_000,
      retentionMs: 60_000,
      takeOver: true,
    }),
  );
  const results = await Promise.all(claims);
  return results.filter(({ state }) => state === "claimed").length;
}
