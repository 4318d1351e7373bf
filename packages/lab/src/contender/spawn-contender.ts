import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildLink } from "../process/child-link.ts";
import type { ContenderMessage, StartOrder } from "./contender-message.ts";
import type { ContenderId } from "./contenders.ts";

/**
 * Starts the process of a contender.
 *
 * Not one process for all: merely importing undici gives built-in fetch undici's connection pool.
 */
export function spawnContender(
  id: ContenderId,
  onMessage: (message: ContenderMessage) => void,
  onExit: (reason: string) => void,
): ChildLink<StartOrder, ContenderMessage> {
  const file = `./contender-process${extname(fileURLToPath(import.meta.url))}`;
  return new ChildLink(new URL(file, import.meta.url), [id], onMessage, onExit);
}
