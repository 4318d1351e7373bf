import type { Declared } from "./page-code.ts";

/** Headers or other options of one call. */
export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How the client of one section of docs/clients.md is used. */
export interface FetchClient {
  /** The section of another version of the same client, and how its lines are changed for this one. */
  readonly variant?: { readonly of: string; edit(code: string): string };
  /** Reads something; what it gives is `{ id: 42 }`. */
  get(client: Declared[string], options?: CallOptions): Promise<unknown>;
  /** Changes something; what it gives is `{ id: 42 }`. */
  post(client: Declared[string], options?: CallOptions): Promise<unknown>;
  /** Reads something as it comes, where the client can. */
  stream?(client: Declared[string]): Promise<AsyncIterable<unknown>>;
  /** Sends a form, where the client takes one as it is. */
  upload?(client: Declared[string], body: FormData, options: CallOptions): Promise<unknown>;
  /** Changes something as a step of a handler, where the client passes one on. */
  step?(client: Declared[string], step: string): Promise<unknown>;
  /** The class of its error; absent where it passes that of its fetch on. */
  readonly error?: string;
  /** The block of its section whose client takes a key with each call. @defaultValue 0 */
  readonly keyed?: number;
  /** Whether it gives a POST a key by itself. */
  readonly keysPosts?: boolean;
}

const path = "/orders/42";
const json = { item: 42 };

const query = "query Order { id }";
const mutation = "mutation Cancel { id }";

async function documents() {
  const { gql } = await import("@apollo/client");
  return { query: gql(query), mutation: gql(mutation) };
}

const ky: FetchClient = {
  get: (client, options) => client.get("orders/42", options).json(),
  post: (client, options) => client.post("orders/42", { json, ...options }).json(),
  stream: async (client) => (await client.get("orders/42")).body,
  upload: (client, body, options) => client.post("orders/42", { body, ...options }).json(),
  step: (client, step) => client.post("orders/42", { json, step }).json(),
};

/** The clients of docs/clients.md that take a fetch, by the heading of their section. */
export const fetchClients: Readonly<Record<string, FetchClient>> = {
  axios: {
    error: "AxiosError",
    get: async (client, options) => (await client.get(path, options)).data,
    post: async (client, options) => (await client.post(path, json, options)).data,
    stream: async (client) => (await client.get(path, { responseType: "stream" })).data,
    upload: async (client, body, options) => (await client.post(path, body, options)).data,
    step: (client, step) => client.post(path, json, { fetchOptions: { step } }),
  },
  ky,
  "ky 1": {
    variant: {
      of: "ky",
      edit: (code) => code.replace('from "ky"', 'from "ky1"').replace("prefix:", "prefixUrl:"),
    },
    ...ky,
  },
  ofetch: {
    error: "FetchError",
    get: (client, options) => client(path, options),
    post: (client, options) => client(path, { method: "POST", body: json, ...options }),
    stream: (client) => client(path, { responseType: "stream" }),
    upload: (client, body, options) => client(path, { method: "POST", body, ...options }),
    step: (client, step) => client(path, { method: "POST", body: json, step }),
  },
  "openapi-fetch": {
    get: async (client, options) => (await client.GET(path, options)).data,
    post: async (client, options) => (await client.POST(path, { body: json, ...options })).data,
    stream: async (client) => (await client.GET(path, { parseAs: "stream" })).data,
    upload: async (client, body, options) =>
      (await client.POST(path, { body, bodySerializer: (form: FormData) => form, ...options }))
        .data,
  },
  wretch: {
    get: (client, options = {}) => client.url(path).options(options).get().json(),
    post: (client, options = {}) => client.url(path).options(options).post(json).json(),
    stream: async (client) => (await client.url(path).get().res()).body,
    upload: (client, body, { headers }) => client.url(path).headers(headers).post(body).json(),
    step: (client, step) => client.url(path).options({ step }).post(json).json(),
  },
  openai: {
    error: "APIConnectionError",
    get: (client, options) => client.models.retrieve("42", options),
    post: (client, options) => client.responses.create({ model: "x", input: "y" }, options),
    stream: async (client) => (await client.get("/orders/42").asResponse()).body,
    step: (client, step) =>
      client.responses.create({ model: "x", input: "y" }, { fetchOptions: { step } }),
  },
  stripe: {
    error: "StripeConnectionError",
    keysPosts: true,
    get: (client) => client.customers.retrieve("cus_42"),
    post: (client, { headers } = {}) =>
      client.customers.create({ name: "x" }, { idempotencyKey: headers?.["idempotency-key"] }),
  },
  "Apollo Client": {
    get: async (client, { headers, signal } = {}) => {
      const context = { headers, fetchOptions: { signal } };
      const document = { query: (await documents()).query, fetchPolicy: "no-cache" };
      return (await client.query({ ...document, context })).data;
    },
    post: async (client, { headers, signal } = {}) => {
      const context = { headers, fetchOptions: { signal } };
      return (await client.mutate({ mutation: (await documents()).mutation, context })).data;
    },
    async step(client, step) {
      const context = { fetchOptions: { step } };
      await client.mutate({ mutation: (await documents()).mutation, context });
    },
  },
  "graphql-request": {
    get: (client, { headers, signal } = {}) =>
      client.request({ document: query, requestHeaders: headers, signal }),
    post: (client, { headers, signal } = {}) =>
      client.request({ document: mutation, requestHeaders: headers, signal }),
  },
  tRPC: {
    error: "TRPCClientError",
    keyed: 1,
    get: (client, { signal } = {}) => client.order.query(42, { signal }),
    post: (client, { headers, signal } = {}) =>
      client.cancel.mutate(42, { signal, context: { headers } }),
  },
};
