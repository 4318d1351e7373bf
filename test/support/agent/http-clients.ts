import { once } from "node:events";
import http, { type Agent, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { call } from "./call.ts";

/** What a client is to send. */
export interface Sending {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends, reads the response whole and gives its status; rejects where the client does. */
export type Send = (sending: Sending) => Promise<number>;

/** A client of node:http's that is given an agent. */
export interface HttpClient {
  /** The oldest Node on which it runs. @defaultValue 20 */
  readonly node?: number;
  /** What it can send. @defaultValue all four */
  readonly kinds?: readonly Kind[];
  open(agent: Agent): Promise<Send>;
}

/** What is sent: a key makes a POST one that may be sent again. */
export type Kind = "GET" | "PUT" | "POST+key" | "POST";

/** Every kind. */
export const kinds: readonly Kind[] = ["GET", "PUT", "POST+key", "POST"];

/** Whether a client runs on this Node. */
export function isSupported({ node = 20 }: HttpClient): boolean {
  return Number(process.versions.node.split(".")[0]) >= node;
}

/** Of the requests on reused connections about one in eight meets one of these. */
export const deathsOnReuse = (["reset", "end"] as const).flatMap((fault) =>
  (["before-processing", "after-processing"] as const).map(
    (when) => ({ fault, on: "reused", when, probability: 0.03 }) as const,
  ),
);

const require = createRequire(import.meta.url);
const load = async (name: string): Promise<any> => import(name);

const got =
  (name: string) =>
  async (agent: Agent): Promise<Send> => {
    const got = name === "got11" ? require(name) : (await load(name)).default;
    const client = got.extend({ retry: { limit: 0 }, agent: { http: agent } });
    return async ({ origin, path, ...options }) =>
      (await client(`${origin}${path}`, options)).statusCode;
  };

const fetching =
  (name: string, own: object = {}) =>
  async (agent: Agent): Promise<Send> => {
    const fetch = name === "node-fetch" ? (await load(name)).default : require(name);
    return async ({ origin, path, ...options }) => {
      const response = await fetch(`${origin}${path}`, { ...options, ...own, agent });
      await response.text();
      return response.status;
    };
  };

const gaxios =
  (name: string) =>
  async (agent: Agent): Promise<Send> => {
    const { request } = await load(name);
    return async ({ origin, path, ...options }) =>
      (await request({ url: `${origin}${path}`, ...options, agent, retry: false })).status;
  };

/** A server in front of the upstream, which passes on what comes; a failure is a 502. */
const proxying =
  (open: (agent: Agent) => Promise<(request: IncomingMessage, response: ServerResponse) => void>) =>
  async (agent: Agent): Promise<Send> => {
    const forward = await open(agent);
    const server = http.createServer(forward).listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const inbound = new http.Agent({ keepAlive: true });
    return async ({ origin, path, method, body, headers }) => {
      const own = { ...headers, "x-target": origin };
      const options = { agent: inbound, method, body, headers: own };
      const { status } = await call(`http://127.0.0.1:${port}${path}`, options);
      if (status === 502) throw new Error("Bad Gateway");
      return status;
    };
  };

const target = (request: IncomingMessage): string => String(request.headers["x-target"]);

function badGateway(response: ServerResponse): void {
  response.statusCode = 502;
  response.end();
}

/** The clients that services use over node:http, as they are used: nothing of them is imitated. */
export const httpClients: Readonly<Record<string, HttpClient>> = {
  http: {
    open:
      async (agent) =>
      async ({ origin, path, ...options }) =>
        (await call(`${origin}${path}`, { agent, ...options })).status,
  },
  axios: {
    async open(httpAgent) {
      const { default: axios } = await load("axios");
      const client = axios.create({ httpAgent });
      return async ({ origin, path, body, ...options }) =>
        (await client.request({ url: `${origin}${path}`, data: body, ...options })).status;
    },
  },
  got11: { open: got("got11") },
  got14: { open: got("got") },
  got16: { node: 22, open: got("got16") },
  "node-fetch 2": { open: fetching("node-fetch2") },
  "node-fetch 3": { open: fetching("node-fetch") },
  "make-fetch-happen": { open: fetching("make-fetch-happen", { retry: false, cache: "no-store" }) },
  "gaxios 6": { open: gaxios("gaxios6") },
  "gaxios 7": { open: gaxios("gaxios") },
  superagent: {
    async open(agent) {
      const superagent = require("superagent");
      return async ({ origin, path, method, body, headers }) => {
        const request = superagent(method, `${origin}${path}`).set(headers).agent(agent);
        return (await request.type("text/plain").send(body)).status;
      };
    },
  },
  needle: {
    async open(agent) {
      const needle = require("needle");
      return async ({ origin, path, method, body, headers }) => {
        const url = `${origin}${path}`;
        return (await needle(method.toLowerCase(), url, body ?? null, { agent, headers }))
          .statusCode;
      };
    },
  },
  smithy: {
    async open(httpAgent) {
      const { NodeHttpHandler } = await load("@smithy/node-http-handler");
      const { HttpRequest } = await load("@smithy/protocol-http");
      const handler = new NodeHttpHandler({ httpAgent });
      return async ({ origin, headers, body, ...options }) => {
        const { hostname, port, protocol } = new URL(origin);
        const length = body === undefined ? {} : { "content-length": String(body.length) };
        const { response } = await handler.handle(
          new HttpRequest({
            protocol,
            hostname,
            port: Number(port),
            ...options,
            body,
            headers: { ...headers, ...length },
          }),
        );
        await text(response.body);
        return response.statusCode;
      };
    },
  },
  s3: {
    kinds: ["GET", "PUT"],
    async open(httpAgent) {
      const { GetObjectCommand, PutObjectCommand, S3Client } = await load("@aws-sdk/client-s3");
      const { NodeHttpHandler } = await load("@smithy/node-http-handler");
      const clients = new Map<string, any>();
      const open = (endpoint: string): any =>
        new S3Client({
          endpoint,
          region: "us-east-1",
          forcePathStyle: true,
          maxAttempts: 1,
          credentials: { accessKeyId: "id", secretAccessKey: "secret" },
          requestHandler: new NodeHttpHandler({ httpAgent }),
        });
      return async ({ origin, path, method, body }) => {
        const client = clients.get(origin) ?? open(origin);
        clients.set(origin, client);
        const object = { Bucket: "bucket", Key: path.slice(1) };
        const command =
          method === "GET"
            ? new GetObjectCommand(object)
            : new PutObjectCommand({ ...object, Body: body });
        const { Body, $metadata } = await client.send(command);
        await Body?.transformToString();
        return $metadata.httpStatusCode;
      };
    },
  },
  stripe: {
    // It gives each POST a key by itself.
    kinds: ["GET", "POST+key"],
    async open(httpAgent) {
      const { default: Stripe } = await load("stripe");
      return async ({ origin, path, method }) => {
        const { hostname: host, port } = new URL(origin);
        const client = new Stripe("sk_test_x", {
          host,
          port: Number(port),
          protocol: "http",
          httpAgent,
          maxNetworkRetries: 0,
          telemetry: false,
        });
        const { lastResponse } =
          method === "GET"
            ? await client.customers.retrieve(`cus_${path.slice(1)}`)
            : await client.customers.create({ name: path });
        return lastResponse.statusCode;
      };
    },
  },
  openai: {
    kinds: ["GET", "POST+key", "POST"],
    async open(agent) {
      const { default: OpenAI } = await load("openai");
      const nodeFetch = require("node-fetch2");
      const fetch = (url: unknown, init: object): unknown =>
        nodeFetch(url, { ...init, signal: undefined, agent });
      return async ({ origin, method, body, headers }) => {
        const client = new OpenAI({ apiKey: "x", baseURL: origin, maxRetries: 0, fetch });
        if (method === "GET") await client.models.list({ headers });
        else await client.post("/completions", { body: { prompt: body }, headers });
        return 200;
      };
    },
  },
  "http-proxy": {
    open: proxying(async (agent) => {
      const proxy = require("http-proxy").createProxyServer({ agent });
      proxy.on("error", (_error: unknown, _request: unknown, response: ServerResponse) =>
        badGateway(response),
      );
      // What many do there: it throws if the head has been sent.
      proxy.on("proxyReq", (request: http.ClientRequest) => request.setHeader("x-proxied", "1"));
      return (request, response) => proxy.web(request, response, { target: target(request) });
    }),
  },
  "http-proxy-middleware": {
    open: proxying(async (agent) => {
      const { createProxyMiddleware } = await load("http-proxy-middleware");
      const proxy = createProxyMiddleware({
        agent,
        router: target,
        target: "http://127.0.0.1",
        on: { error: (_error: unknown, _request: unknown, response: any) => badGateway(response) },
      });
      return (request, response) => proxy(request, response, () => {});
    }),
  },
  httpxy: {
    open: proxying(async (agent) => {
      const { createProxyServer } = await load("httpxy");
      const proxy = createProxyServer({ agent });
      return (request, response) => {
        proxy.web(request, response, { target: target(request) }).catch(() => badGateway(response));
      };
    }),
  },
};
