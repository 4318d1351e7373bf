import type { Agent } from "node:http";
import { createRequire } from "node:module";

import { expect, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { lost, orderServer } from "../support/clients/order-server.ts";

const require = createRequire(import.meta.url);

/** POSTs of clients that docs/clients.md has settings for, by the client's defaults or as the page sets it. */
const posts: Readonly<
  Record<string, (agent: Agent, origin: string, isSet: boolean) => Promise<unknown>>
> = {
  async "AWS SDK 3"(httpAgent, endpoint, isSet) {
    const { CreateMultipartUploadCommand, S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
      requestHandler: { httpAgent },
      ...(isSet ? { maxAttempts: 1 } : {}),
    });
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
  "%s sends a POST again that was done, unless it is set",
  async (_name, post) => {
    const sends = async (isSet: boolean): Promise<number> => {
      const server = await orderServer([lost]);
      await expect(post(agentWith(), server.origin, isSet)).rejects.toThrow();
      return server.requests.length;
    };
    expect(await Promise.all([sends(false), sends(true)])).toEqual([3, 1]);
  },
);
