// @ts-check
import { spawnLoad } from "./raw-load.js";
import { spawnService } from "./service-process.js";

const connections = 64;

/**
 * @typedef {object} Served
 * @property {string} file - As {@link spawnService} takes it, as are the next two.
 * @property {string} framework
 * @property {unknown} argument
 * @property {string} request - As {@link spawnLoad} takes it, as is `counter`.
 * @property {boolean} [sleeps] - As {@link spawnLoad} takes it; it polls unless it is told to.
 * @property {string} [counter]
 * @property {number} requests - Of a turn.
 */

/**
 * A service and its client, each in a process of its own.
 *
 * @param {Served} served
 */
export async function openService({
  file,
  framework,
  argument,
  requests,
  sleeps = false,
  ...load
}) {
  const service = await spawnService(file, framework, argument);
  const client = spawnLoad({ port: service.port, connections, sleeps, ...load });
  return {
    /** Opens with requests that do not count. */
    async turn() {
      await client.drive(requests / 4);
      const before = await service.cpuMicros();
      const seconds = await client.drive(requests);
      const cpuMicros = ((await service.cpuMicros()) - before) / requests;
      return { perSecond: requests / seconds, cpuMicros };
    },
    close() {
      client.close();
      service.close();
    },
  };
}
