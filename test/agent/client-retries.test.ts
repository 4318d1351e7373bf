import type { Agent } from "node:http";

import { GetObjectCommand } from "@aws-sdk/client-s3";
import { reportOf, type ReissueAgentOptions } from "@reissue/agent";
import { systemClock } from "@reissue/core";
import axios from "axios";
import axiosRetry from "axios-retry";
import { request as gaxios } from "gaxios";
import type { Got } from "got";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { agentWith } from "../support/agent/agents.ts";
import { s3Client } from "../support/agent/s3-client.ts";
import { freePort } from "../support/free-port.ts";

// Got 14 gives up after one retry of a request with a body from Node 24 on, whatever its agent.
const isOld = Number(process.versions.node.split(".")[0]) < 22;
const { default: got } = (await import(isOld ? "got" : "got16")) as { default: Got };

/** Clients with the retries that they have by default, but for how long they wait. */
const retrying: Readonly<Record<string, (agent: Agent, url: string) => Promise<unknown>>> = {
  got: (agent, url) =>
    got(url, {
      agent: { http: agent },
      retry: { calculateDelay: ({ computedValue }) => Math.min(computedValue, 1) },
    }),
  "axios-retry": (httpAgent, url) => {
    const client = axios.create({ httpAgent });
    axiosRetry(client);
    return client.get(url);
  },
  S3: (agent, endpoint) =>
    s3Client(endpoint, agent).send(new GetObjectCommand({ Bucket: "bucket", Key: "key" })),
  gaxios: (agent, url) =>
    gaxios({
      url,
      agent,
      retry: true,
      retryConfig: { retryDelay: 1, retryBackoff: () => Promise.resolve() },
    }),
};

describe("a GET whose connections are all killed, under the clients of docs/agent.md", () => {
  test.each([
    ["got", 3, 9],
    ["axios-retry", 4, 12],
    ["S3", 3, 9],
    ["gaxios", 3, 9],
  ])("is sent by %s %d times, and %d times with maxAttempts: 3", async (name, once, thrice) => {
    const upstream = await opened();
    upstream.setFaults([{ fault: "reset", at: "body-end" }]);
    const sends = async (reissue: ReissueAgentOptions): Promise<number> => {
      const before = upstream.requests.length;
      await retrying[name]!(agentWith({ clock: systemClock, ...reissue }), upstream.origin).catch(
        () => {},
      );
      return upstream.requests.length - before;
    };
    expect(await sends({})).toBe(once);
    expect(await sends({ retry: { maxAttempts: 3, backOff: { baseMs: 1 } } })).toBe(thrice);
  });
});

describe("the conditions of docs/agent.md", () => {
  const posts: Readonly<Record<string, (agent: Agent) => (url: string) => Promise<unknown>>> = {
    "axios-retry": (httpAgent) => {
      const client = axios.create({ httpAgent });
      axiosRetry(client, {
        retries: 100,
        retryDelay: () => 20,
        retryCondition: (error) =>
          axiosRetry.isIdempotentRequestError(error) || reportOf(error)?.delivery === "unsent",
      });
      return (url) => client.post(url, "x");
    },
    got: (agent) => {
      const client = got.extend({
        agent: { http: agent },
        retry: {
          methods: ["GET", "PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "POST"],
          calculateDelay: ({ computedValue, error }) =>
            error.options.method === "POST" && reportOf(error)?.delivery !== "unsent"
              ? 0
              : Math.min(computedValue, 400),
        },
      });
      return (url) => client.post(url, { body: "x" });
    },
  };

  test.each(Object.entries(posts))(
    "leave a plain POST of %s alone that may have been processed",
    async (_name, make) => {
      const upstream = await opened();
      const post = make(agentWith());
      await post(upstream.origin);
      upstream.script([{ fault: "reset", when: "after-processing" }]);
      await expect(post(upstream.origin)).rejects.toMatchObject({ code: "ECONNRESET" });
      expect(upstream.processedCount).toBe(2);
    },
  );

  test.each(Object.entries(posts))(
    "repeat a plain POST of %s that was never sent",
    async (_name, make) => {
      const port = await freePort();
      const posted = make(agentWith({ clock: systemClock, retry: { unsentWindowMs: 1 } }))(
        `http://127.0.0.1:${port}`,
      );
      posted.catch(() => {});
      // real time: the client's own first attempt has to be refused.
      await new Promise((resolve) => setTimeout(resolve, 15));
      const upstream = await opened({ port });
      await posted;
      expect(upstream.processedCount).toBe(1);
    },
  );
});
