import type { Agent } from "node:http";
import { createRequire } from "node:module";

import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { s3Client } from "../support/agent/s3-client.ts";
import { lost, orderServer } from "../support/clients/order-server.ts";

const require = createRequire(import.meta.url);

/** POSTs of clients that docs/clients.md has settings for, by the client's defaults or as the page sets it. */
const posts: Readonly<
  Record<string, (agent: Agent, origin: string, isSet: boolean) => Promise<unknown>>
> = {
  "AWS SDK 3": (agent, endpoint, isSet) => {
    const client = s3Client(endpoint, agent, isSet ? { maxAttempts: 1 } : {});
    return client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key: "key" }));
  },
  async openai(agent, baseURL, isSet) {
    const { OpenAI } = await import("openai");
    const { default: nodeFetch } = await import("node-fetch");
    const client = new OpenAI({
      apiKey: "key",
      baseURL,
      fetch: ((url: string, init: object) =>
        nodeFetch(url, { ...init, agent, signal: null })) as never,
      ...(isSet ? { maxRetries: 0 } : {}),
    });
    return client.responses.create({ model: "x", input: "y" });
  },
  async superagent(agent, origin, isSet) {
    const superagent = require("superagent");
    const request = superagent.post(origin).agent(agent);
    return isSet ? request : request.retry(2);
  },
};

// real time: the clients' own back-offs cannot be given a clock; a second or so, all at once.
test.each(Object.entries(posts))(
  "%s repeats a POST that was processed, unless its retries are configured",
  async (_name, post) => {
    const sends = async (isSet: boolean): Promise<number> => {
      const server = await orderServer([lost]);
      await expect(post(agentWith(), server.origin, isSet)).rejects.toThrow();
      return server.requests.length;
    };
    expect(await Promise.all([sends(false), sends(true)])).toEqual([3, 1]);
  },
);
