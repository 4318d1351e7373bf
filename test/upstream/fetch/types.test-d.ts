import { createUpstream, type UpstreamInit } from "@reissue/upstream";
import { expectTypeOf } from "vitest";

const upstream = createUpstream();

// It stands wherever fetch is asked for, as clients do that take one: ky, ofetch, openapi-fetch, SDKs.
expectTypeOf(upstream).toExtend<typeof fetch>();
expectTypeOf(upstream).toExtend<typeof globalThis.fetch>();
const fetcher: typeof fetch = upstream;
expectTypeOf(fetcher).returns.toEqualTypeOf<Promise<Response>>();
expectTypeOf(upstream.bind({})).toExtend<typeof fetch>();

// The platform's classes go in, and come out.
const form = new FormData();
const response = await upstream(new Request("http://orders:3000/"), {
  method: "POST",
  headers: new Headers({ accept: "text/plain" }),
  body: form,
  signal: AbortSignal.timeout(1000),
});
expectTypeOf(response).toEqualTypeOf<Response>();
expectTypeOf(response.headers).toEqualTypeOf<Headers>();
expectTypeOf(response.clone()).toEqualTypeOf<Response>();
expectTypeOf(await response.formData()).toEqualTypeOf<FormData>();
expectTypeOf(new Response(response.body, response)).toEqualTypeOf<Response>();

// Any init of fetch is one of its own; what it takes beside that is said in one place.
const init: RequestInit = { method: "PUT", body: new URLSearchParams() };
expectTypeOf(init).toExtend<UpstreamInit>();
expectTypeOf(new Request("http://orders:3000/", init)).toExtend<Parameters<typeof upstream>[0]>();
expectTypeOf(upstream).toBeCallableWith(new URL("http://orders:3000/"), {
  method: "POST",
  body: () => new Blob(["made for each attempt"]),
  retry: { retryOn: ["reset"] },
  step: "charge",
});
// @ts-expect-error: no option of that name
expectTypeOf(upstream).toBeCallableWith("http://orders:3000/", { retries: 3 });
