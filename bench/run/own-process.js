// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";

/**
 * Runs a script of this folder in a process of its own, with a heap that nobody else has used, and gives what it sends.
 *
 * @param {string} script
 * @param {readonly string[]} args
 */
export async function inOwnProcess(script, args) {
  const child = fork(new URL(script, import.meta.url), args, { execArgv: [] });
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`${script} exited with ${code} and sent nothing`);
  });
  const [message] = await Promise.race([once(child, "message"), exited]);
  await exited.catch(() => {});
  return message;
}
