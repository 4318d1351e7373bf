import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildLink } from "../process/child-link.ts";
import type { UpstreamMessage, UpstreamOrder } from "./upstream-message.ts";

/** Starts the process of an upstream. */
export function spawnUpstream(
  onMessage: (message: UpstreamMessage) => void,
  onExit: (reason: string) => void,
): ChildLink<UpstreamOrder, UpstreamMessage> {
  const file = `./upstream-process${extname(fileURLToPath(import.meta.url))}`;
  return new ChildLink(new URL(file, import.meta.url), [], onMessage, onExit);
}
