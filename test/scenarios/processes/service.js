// A payment service in a process of its own: node service.js '{"store":"redis","url":"…","effects":"http://…", …}'.
// Each run of its handler has one effect, and a random answer. It says its port on stdout.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request as send } from "node:http";

import { claimOf, handler } from "@reissue/server";

const { store: kind, url, effects, ...idempotency } = JSON.parse(process.argv[2] ?? "{}");

/** @type {Record<string, () => Promise<{ store: any, pay: (request: any) => Promise<any> }>>} */
const kinds = {
  async redis() {
    const { redisStore } = await import("@reissue/store-redis");
    const { createClient } = await import("redis");
    const client = createClient({ url, disableOfflineQueue: true });
    client.on("error", () => {});
    await client.connect();
    return { store: redisStore({ client }), pay: payElsewhere };
  },
  async postgres() {
    return { store: await openPostgres(), pay: payElsewhere };
  },
  async transaction() {
    const store = await openPostgres();
    const pay = (request) => store.withTransaction(claimOf(request), payHere(request));
    return { store, pay };
  },
};

const { store, pay } = await kinds[kind]();
const listener = handler(
  async (request, response) => {
    const { status, body } = await pay(request);
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  },
  {
    // It takes long to load, and is not what this is about.
    upstream: { bind: () => null },
    // Its client tells what it was answered.
    onError() {},
    idempotencyKey: "required",
    idempotency: { ...idempotency, scope: "shared", store },
  },
);
process.stdin.on("end", () => process.exit()).resume();
const server = createServer(listener).listen(0, "127.0.0.1");
await once(server, "listening");
console.log(/** @type {import("node:net").AddressInfo} */ (server.address()).port);

async function openPostgres() {
  const { postgresStore } = await import("@reissue/store-postgres");
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", () => {});
  return postgresStore({ pool, prepare: true });
}

/** The effect is in somebody else's system, which takes no key: nobody but Reissue prevents a second one. */
async function payElsewhere(request) {
  await effect(request.url);
  return { status: 201, body: receipt() };
}

/** The effect is in the database that has the keys too. */
function payHere(request) {
  return async (client) => {
    await client.query("INSERT INTO payments (path) VALUES ($1)", [request.url]);
    // The test that kills this process learns, in the middle of the transaction, that the work is done.
    await effect(request.url);
    return { status: 201, body: receipt() };
  };
}

/** @param {string} path */
async function effect(path) {
  const sent = send(effects + path, { method: "POST" }).end();
  const [answer] = await once(sent, "response");
  await once(answer.resume(), "end");
}

function receipt() {
  return JSON.stringify({ id: randomUUID() });
}
