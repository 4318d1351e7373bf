import { OptionError } from "@reissue/core";
import { metricTable, prometheusName } from "@reissue/core/internal";
import { observeReissue } from "@reissue/prometheus";
import { AggregatorRegistry, register, Registry } from "prom-client";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";

import { agentWith } from "../../support/agent/agents.ts";
import { call } from "../../support/agent/call.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { opened } from "../../testing/opened.ts";

afterEach(() => register.clear());

/** A registry of its own that has the metrics until the test ends. */
function observed(): Registry {
  const own = new Registry();
  const observation = observeReissue({ register: own });
  onTestFinished(() => observation.close());
  return own;
}

/** Sum over all series of a metric, or of those whose labels have these values. */
async function sum(own: Registry, name: string, labels: Record<string, string> = {}) {
  const metric = await own.getSingleMetric(name)!.get();
  return metric.values
    .filter((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text))
    .reduce((total, { value }) => total + value, 0);
}

/** Has a request of a client, and one of an agent, fail and be given up. */
async function fail(): Promise<void> {
  const { origin } = await opened({ faults: [{ fault: "reset", probability: 1 }] });
  await expect(outbound()(origin, { method: "POST" })).rejects.toThrow();
  await expect(call(origin, { agent: agentWith(), method: "POST" })).rejects.toThrow();
}

describe("observeReissue()", () => {
  test("puts every metric into the given registry", async () => {
    const own = observed();
    const names = own.getMetricsAsArray().map(({ name }) => name);
    expect(names).toEqual(Object.values(metricTable).map(prometheusName));
    await fail();
    for (const client of ["upstream", "agent"]) {
      const labels = { reissue_client: client };
      expect(await sum(own, "reissue_give_ups_total", labels)).toBe(1);
      expect(await sum(own, "reissue_requests_total", labels)).toBeGreaterThan(0);
    }
  });

  test("adds the metrics to the exports of the application with the registry of prom-client", async () => {
    const observation = observeReissue({ register });
    expect(await register.metrics()).toContain("# TYPE reissue_requests_total counter");
    observation.close();
    expect(await register.metrics()).not.toContain("reissue_");
  });

  test("ends the counting at close(), which may be called twice", async () => {
    const own = new Registry();
    const observation = observeReissue({ register: own });
    await fail();
    const failures = own.getSingleMetric("reissue_failures_total")!;
    const before = await failures.get();
    observation.close();
    await fail();
    expect(await failures.get()).toEqual(before);
    const again = observeReissue({ register: own });
    onTestFinished(() => again.close());
    observation.close();
    expect(own.getMetricsAsArray()).toHaveLength(Object.keys(metricTable).length);
  });

  test("refuses a registry that has the metrics, whichever copy put them there", () => {
    const own = observed();
    expect(() => observeReissue({ register: own })).toThrow(OptionError);
    expect(() => observeReissue({ register: own })).toThrow(
      "register has reissue_requests_total already: observeReissue() was called for it before, and not closed",
    );
    expect(own.getMetricsAsArray()).toHaveLength(Object.keys(metricTable).length);
  });

  test.each<[string, { register: Registry }, string]>([
    ["no registry", { register: {} as Registry }, "register must be a Registry of prom-client"],
    ["nothing", { register: undefined as never }, "register must be a Registry of prom-client"],
    [
      "itself as options",
      register as never,
      "options must be an object of options, got an instance of Registry (known: register)",
    ],
    ["a misspelt option", { registry: register } as never, "registry"],
  ])("refuses the registry %s", (_name, options, message) => {
    expect(() => observeReissue(options)).toThrow(message);
  });

  test("counts into each of two registries", async () => {
    const [one, two] = [observed(), observed()];
    await fail();
    expect(await one.metrics()).toBe(await two.metrics());
    expect(await sum(two, "reissue_give_ups_total")).toBe(2);
  });
});

describe("the workers of a cluster", () => {
  test("are added up, but of their idle limits the smallest counts", async () => {
    const { origin } = await opened();
    const upstream = outbound();
    await (await upstream(origin)).text();
    const own = observed();
    const labels = { server_port: new URL(origin).port };
    const [requests, limit] = await Promise.all([
      sum(own, "reissue_requests_total", labels),
      sum(own, "reissue_connection_idle_limit_seconds", labels),
    ]);
    const workers = [await own.getMetricsAsJSON(), await own.getMetricsAsJSON()];
    const all = AggregatorRegistry.aggregate<typeof Registry.PROMETHEUS_CONTENT_TYPE>(workers);
    expect(await sum(all, "reissue_requests_total", labels)).toBe(2 * requests);
    expect(await sum(all, "reissue_connections", labels)).toBe(2);
    expect(limit).toBeGreaterThan(0);
    expect(await sum(all, "reissue_connection_idle_limit_seconds", labels)).toBe(limit);
  });
});
