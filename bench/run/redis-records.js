// @ts-check
import { recordId } from "@reissue/core/internal";
import { redisStore } from "@reissue/store-redis";
import { createClient } from "redis";

const records = 20_000;
const atATime = 100;

/**
 * What a record takes in Redis, in bytes, its key and its expiry included: while it is in flight, and once it is
 * completed.
 *
 * @param {string} url - Of a server that holds nothing else, and from which they are gone at the end.
 * @param {number} answerBytes
 */
export async function redisRecords(url, answerBytes) {
  const client = await createClient({ url }).connect();
  const store = redisStore({ client });
  const usedBytes = async () => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
  const forEach = async (/** @type {(number: number) => unknown} */ step) => {
    for (let first = 0; first < records; first += atATime) {
      await Promise.all(Array.from({ length: atATime }, async (_, at) => step(first + at)));
    }
  };
  const request = (/** @type {number} */ number) => ({
    id: recordId("shared", `key ${number}`),
    owner: "o".repeat(22),
    fingerprint: recordId("fingerprint", `${number}`),
    leaseMs: 600_000,
    retentionMs: 600_000,
    takeOver: true,
  });
  const answer = Buffer.alloc(answerBytes, "x");

  const empty = await usedBytes();
  await forEach((number) => store.claim(request(number)));
  const inFlight = await usedBytes();
  await forEach((number) => store.complete({ ...request(number), fence: 1 }, answer, 600_000));
  const completed = await usedBytes();
  await client.flushAll();
  client.destroy();
  return { inFlight: (inFlight - empty) / records, completed: (completed - empty) / records };
}
