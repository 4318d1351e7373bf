// @ts-check
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Keeps a process on one processor, with all its threads, where there are two and `taskset` is installed (util-linux):
 * two processors of a virtual machine differ by as much as their neighbours leave them, and contenders are to have the
 * same.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} processor
 */
export function pin({ pid }, processor) {
  if (availableParallelism() < 2) return;
  spawnSync("taskset", ["-acp", String(processor), String(pid)]);
}
