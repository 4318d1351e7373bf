// @ts-check

/**
 * Something that happens to the upstream.
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {number} durationMs
 * @property {readonly [number, number]} disturbedMs - Its begin and its end.
 * @property {(world: import("./world.js").World) => void} plan
 */

/** @type {readonly Scenario[]} */
export const scenarios = [
  {
    name: "nothing",
    title: "Nothing happens",
    durationMs: 60_000,
    disturbedMs: [60_000, 60_000],
    plan() {},
  },
  {
    name: "rolling-restart",
    title: "Rolling restart",
    durationMs: 100_000,
    disturbedMs: [20_000, 80_000],
    plan({ queue, instances, balancer }) {
      const everyMs = 57_000 / instances.length;
      for (const [index, instance] of instances.entries()) {
        queue.after(20_000 + index * everyMs, () => {
          instance.stop();
          balancer.onStopped();
          queue.after(3000, () => {
            instance.start();
            balancer.onStarted();
          });
        });
      }
    },
  },
  outage({ name: "blip", title: "Outage of 2 s", lengthMs: 2000, durationMs: 80_000 }),
  outage({ name: "outage", title: "Outage of 30 s", lengthMs: 30_000, durationMs: 120_000 }),
  {
    name: "slow-third",
    title: "A slow third",
    durationMs: 110_000,
    disturbedMs: [20_000, 50_000],
    plan({ queue, instances }) {
      const third = instances.slice(0, Math.round(instances.length / 3));
      queue.after(20_000, () => {
        for (const instance of third) instance.slowness = 10;
      });
      queue.after(50_000, () => {
        for (const instance of third) instance.slowness = 1;
      });
    },
  },
  {
    name: "overload",
    title: "Load of 1.1 of the capacity for 30 s",
    durationMs: 120_000,
    disturbedMs: [20_000, 50_000],
    plan(world) {
      world.queue.after(20_000, () => {
        world.surge = 1.1 / world.settings.load;
      });
      world.queue.after(50_000, () => {
        world.surge = 1;
      });
    },
  },
];

/**
 * All instances crash at once, and come back together.
 *
 * @param {{ name: string, title: string, lengthMs: number, durationMs: number }} facts
 * @returns {Scenario}
 */
function outage({ lengthMs, ...facts }) {
  return {
    ...facts,
    disturbedMs: [20_000, 20_000 + lengthMs],
    plan({ queue, instances, balancer }) {
      queue.after(20_000, () => {
        for (const instance of instances) instance.crash();
        balancer.onStopped();
      });
      queue.after(20_000 + lengthMs, () => {
        for (const instance of instances) instance.start();
        balancer.onStarted();
      });
    },
  };
}
