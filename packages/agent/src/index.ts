export {
  adopt,
  agentStats,
  HttpAgent,
  HttpsAgent,
  withReissue,
  type AgentClass,
  type HttpAgentOptions,
  type HttpsAgentOptions,
  type WithReissue,
  type WithReissueArguments,
  type WithReissueOptions,
} from "./agent.ts";
export type { AgentStats } from "./agent/agent-stats.ts";
export type {
  AgentRetryOptions,
  PolicyFor,
  ReissueAgentOptions,
  RequestRetryOptions,
} from "./options.ts";
export { reportOf, type RequestReport } from "./request/request-report.ts";
