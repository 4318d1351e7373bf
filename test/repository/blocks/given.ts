/**
 * Where a name comes from that a block takes for granted: a module, the `default of` one, the reader's `own` code, or a
 * `client` that an earlier block has opened.
 */
type Source = string;

/**
 * Of each page the names that its blocks take for granted: an earlier block of the page has declared them, they are what
 * the page is about, or they stand for the reader's own code, of any type.
 */
export const given: Readonly<Record<string, Readonly<Record<string, Source>>>> = {
  "README.md": { reissue: "@reissue/express", memoryStore: "@reissue/express" },
  "docs/agent.md": {
    HttpsAgent: "@reissue/agent",
    reportOf: "@reissue/agent",
    client: "own",
    got: "default of got",
  },
  "docs/clients.md": { upstream: "client" },
  "docs/errors.md": { upstream: "client", body: "own" },
  "docs/observability.md": { upstream: "client" },
  "docs/options.md": { upstream: "client" },
  "docs/quick-start/agent.md": { orders: "own" },
  "docs/quick-start/express.md": { app: "own" },
  "docs/quick-start/fastify.md": { app: "own" },
  "docs/quick-start/koa.md": { app: "own" },
  "docs/recipes/idempotency.md": {
    app: "own",
    express: "default of express",
    reissue: "@reissue/express",
    memoryStore: "@reissue/express",
    cors: "own",
    authenticate: "own",
    store: "own",
    pages: "own",
    write: "own",
  },
  "docs/troubleshooting.md": {
    app: "own",
    gate: "own",
    handler: "own",
    findOrder: "own",
    url: "own",
    upstream: "client",
    express: "default of express",
    reissue: "@reissue/express",
    createUpstream: "@reissue/upstream",
  },
  "packages/agent/README.md": {
    withReissue: "@reissue/agent",
    HttpsProxyAgent: "https-proxy-agent",
    axios: "default of axios",
    got: "default of got",
    S3Client: "@aws-sdk/client-s3",
    NodeHttpHandler: "@smithy/node-http-handler",
    url: "own",
    fetch: "own", // node-fetch's
  },
  "packages/core/README.md": { call: "own" },
  "packages/nest/README.md": { accounts: "own" },
  "packages/store-postgres/README.md": {
    claimOf: "@reissue/express",
    request: "own",
    req: "own",
    res: "own",
    item: "own",
    store: "own",
  },
  "packages/testing/README.md": {
    yourCode: "own",
    assert: "default of node:assert",
    test: "vitest",
    store: "own",
  },
  // Examples of docstrings. What the package of the page exports is given.
  "docs/api/agent.md": {
    http: "default of node:http",
    https: "default of node:https",
    axios: "default of axios",
    axiosRetry: "own",
    client: "own",
    isIdempotentRequestError: "axios-retry",
    HttpsProxyAgent: "https-proxy-agent",
    HttpAgent: "@reissue/agent",
    HttpsAgent: "@reissue/agent",
  },
  "docs/api/express.md": { app: "own" },
  "docs/api/fastify.md": { app: "own" },
  "docs/api/koa.md": { app: "own", router: "own" },
  "docs/api/server.md": {
    app: "own",
    server: "own",
    createUpstream: "@reissue/upstream",
    createServer: "node:http",
  },
  "docs/api/store-redis.md": { createClient: "redis" },
  "docs/api/testing.md": { codeUnderTest: "own", test: "vitest", store: "own", start: "own" },
};

/** An error of the compiler that is accepted: which one, on which page, and why. */
interface Exception {
  readonly page: string;
  readonly error: RegExp;
  readonly reason: string;
}

/** Pages are in JavaScript, and without annotations. Each of these blocks is run by a test as well. */
export const exceptions: readonly Exception[] = [
  {
    page: "docs/recipes/own-errors.md",
    error: /TS2339|TS18046|TS2769|TS2322/,
    reason: "contexts of Yoga, tRPC and Hono get their types by annotations",
  },
  {
    page: "docs/recipes/own-errors.md",
    error: /TS2307.*'next'/,
    reason: "Next.js is not installed; a stand-in runs in its place",
  },
  {
    page: "docs/recipes/idempotency.md",
    error: /TS2339: Property 'account'|TS18046: 'req.body'/,
    reason: "the application's own properties of a request",
  },
  {
    page: "README.md",
    error: /TS2339: Property 'account'/,
    reason: "the application's own property of a request",
  },
  {
    page: "docs/troubleshooting.md",
    error: /TS2322: Type 'Buffer/,
    reason:
      "@koa/bodyparser declares a `rawBody` of its own, a string, for the requests of every package",
  },
  {
    page: "docs/clients.md",
    error: /TS2322: Type '\({ op }|TS2769/,
    reason: "a client that gets its types from a router or a schema",
  },
  {
    page: "packages/testing/README.md",
    error: /TS2339: Property 'port'|TS2531/,
    reason: "the address of a server that listens on a port",
  },
  ...["packages/fastify/README.md", "docs/quick-start/fastify.md"].map((page) => ({
    page,
    error: /TS18046: 'request.params'/,
    reason: "parameters of a Fastify route get their types by an annotation",
  })),
];
