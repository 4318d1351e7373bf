import type { Client } from "./client.ts";
import { axiosRetryClient } from "./clients/axios-retry.ts";
import { fetchClient } from "./clients/fetch.ts";
import { reissueClient } from "./clients/reissue.ts";
import { retryAgentClient } from "./clients/retry-agent.ts";
import type { ContenderId } from "./contenders.ts";

const factories: Readonly<Record<ContenderId, () => Promise<Client>>> = {
  fetch: fetchClient,
  "axios-retry": axiosRetryClient,
  "retry-agent": retryAgentClient,
  reissue: reissueClient,
};

/** Loads the client of a contender, and nothing of the others. */
export function openClient(id: ContenderId): Promise<Client> {
  return factories[id]();
}
