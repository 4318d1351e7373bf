import { HttpLink } from "@apollo/client";
import httpProxy from "@fastify/http-proxy";
import replyFrom from "@fastify/reply-from";
import { createUpstream } from "@reissue/upstream";
import { createTRPCClient, httpBatchLink, httpLink } from "@trpc/client";
import axios from "axios";
import Fastify from "fastify";
import { GraphQLClient } from "graphql-request";
import ky from "ky";
import { createFetch } from "ofetch";
import OpenAI from "openai";
import createClient from "openapi-fetch";
import { Stripe } from "stripe";
import { request, setGlobalDispatcher } from "undici";
import { expectTypeOf } from "vitest";
import wretch from "wretch";

// The lines of docs/clients.md, as TypeScript sees them.
const upstream = createUpstream();

for (const fetch of [upstream, upstream.bind({})]) {
  axios.create({ adapter: "fetch", env: { fetch } });
  ky.create({ fetch, retry: 0 });
  createFetch({ fetch, defaults: { retry: 0 } });
  createClient({ fetch });
  wretch("http://orders:3000").fetchPolyfill(fetch);
  Stripe.createFetchHttpClient(fetch);
  createTRPCClient({ links: [httpBatchLink({ url: "", fetch }), httpLink({ url: "", fetch })] });
  expectTypeOf(OpenAI).toBeConstructibleWith({ apiKey: "key", fetch, maxRetries: 0 });
  expectTypeOf(HttpLink).toBeConstructibleWith({ fetch, useGETForQueries: true });
  expectTypeOf(GraphQLClient).toBeConstructibleWith("http://orders:3000", { fetch, method: "GET" });
}

const { dispatcher } = upstream;
expectTypeOf(request).toBeCallableWith("http://orders:3000", { dispatcher });
setGlobalDispatcher(dispatcher);

const app = Fastify();
app.register(replyFrom, { base: "", undici: dispatcher, retryMethods: [] });
app.register(httpProxy, { upstream: "", undici: dispatcher, retryMethods: [] });
