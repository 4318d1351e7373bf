// @ts-check
import { spawnLoad } from "./raw-load.js";
import { spawnServices } from "./service-process.js";

const connections = 64;

/**
 * @typedef {object} Served
 * @property {string} name - The contender's.
 * @property {string} file - As {@link spawnServices} takes it; all that share a process have the same.
 * @property {string} framework - Its name for {@link spawnServices}.
 * @property {unknown} argument - As {@link spawnServices} takes it.
 * @property {string} request - As {@link spawnLoad} takes it, as is `counter`.
 * @property {boolean} [sleeps] - As {@link spawnLoad} takes it; it polls unless it is told to.
 * @property {string} [counter]
 * @property {number} requests - Of a turn.
 */

/**
 * Services that share a process, and their clients, each in a process of its own.
 *
 * @param {readonly Served[]} served
 */
export async function openServices(served) {
  const toServe = served.map(({ framework, argument }) => ({ name: framework, argument }));
  const services = await spawnServices(served[0].file, toServe);
  const opened = served.map(({ name, request, requests, sleeps = false, counter }, place) => {
    const port = services.ports[place];
    const client = spawnLoad({ port, connections, sleeps, request, counter });
    /** Opens with requests that do not count. */
    const turn = async () => {
      await client.drive(Math.max(requests / 4, 2 * connections));
      const before = await services.cpuMicros();
      const seconds = await client.drive(requests);
      const cpuMicros = ((await services.cpuMicros()) - before) / requests;
      return { perSecond: requests / seconds, cpuMicros };
    };
    return { name, turn, client };
  });
  return {
    contenders: opened.map(({ name, turn }) => ({ name, turn })),
    close() {
      for (const { client } of opened) client.close();
      services.close();
    },
  };
}
