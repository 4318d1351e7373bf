import { expect, test } from "vitest";
import { opened, wired } from "./opened.ts";
import { get, post } from "./raw-client.ts";

test("an idle connection ends after idleTimeoutMs by FIN, whatever the hint says", async () => {
  const upstream = await opened({ idleTimeoutMs: 100, keepAliveHint: "timeout=60" });
  const wire = await wired(upstream);
  await wire.served();
  // real time: the faulty upstream's idle timer runs on the system clock
  await new Promise((resolve) => setTimeout(resolve, 60));
  const asked = performance.now();
  await wire.served();
  expect(await wire.closed()).toBe("fin");
  const idle = performance.now() - asked;
  expect(idle).toBeGreaterThan(98);
  expect(idle).toBeLessThan(1_500);
  wire.socket.end();
  await upstream.until(({ open }) => open === 0);
});

test("the idle time counts from the end of a slow response, and not while a request is arriving", async () => {
  const upstream = await opened({ idleTimeoutMs: 50, respond: { delayMs: 120 } });
  const wire = await wired(upstream);
  await wire.served();
  wire.send("GET / HTTP/1.1\r\nHost:");
  // real time: the faulty upstream's idle timer runs on the system clock
  await new Promise((resolve) => setTimeout(resolve, 120));
  await wire.served(" test\r\n\r\n");
  expect(await wire.closed()).toBe("fin");
});

test("a connection without a request is left alone", async () => {
  const upstream = await opened({ idleTimeoutMs: 30 });
  const wire = await wired(upstream);
  // real time: the faulty upstream's idle timer runs on the system clock
  await new Promise((resolve) => setTimeout(resolve, 90));
  await wire.served();
});

test("bytes that arrive after its FIN get RST, are not processed, and count as late", async () => {
  const upstream = await opened({ idleTimeoutMs: 30 });
  const wire = await wired(upstream);
  // A half-open client, which writes on although it was told: the race, drawn out.
  wire.socket.allowHalfOpen = true;
  await wire.served();
  expect(await wire.closed()).toBe("fin");
  wire.send(post("late"));
  await upstream.until(({ late }) => late === 1);
  await upstream.until(({ open }) => open === 0);
  expect(upstream.effects.has("late")).toBe(false);
});

test.each([
  ["rst", "rst", ""],
  ["408", "fin", "HTTP/1.1 408 Request Timeout"],
] as const)(
  "the option idleClose %s decides how idle connections end",
  async (idleClose, ending, farewell) => {
    const upstream = await opened({ idleTimeoutMs: 30, idleClose });
    const wire = await wired(upstream);
    await wire.served();
    expect(await wire.closed()).toBe(ending);
    expect(wire.text.startsWith(farewell)).toBe(true);
  },
);

test.each(["rst", "fin"] as const)(
  "killIdle() by %s spares busy connections and, by default, unused ones",
  async (how) => {
    const upstream = await opened();
    const [used, busy, unused] = await Promise.all([
      wired(upstream),
      wired(upstream),
      wired(upstream),
    ]);
    await used.served();
    await busy.served();
    upstream.script([{ fault: "hang" }]);
    busy.send(get("busy"));
    await upstream.until(({ heads, connections }) => heads === 3 && connections === 3);
    expect(upstream.killIdle({ with: how })).toBe(1);
    expect(await used.closed()).toBe(how);
    expect([busy.ending, unused.ending]).toEqual(["open", "open"]);
    expect(upstream.killIdle({ with: how, unused: true })).toBe(1);
    expect(await unused.closed()).toBe(how);
    expect(upstream.killAll({ with: how })).toBeGreaterThanOrEqual(1);
    expect(await busy.closed()).toBe(how);
  },
);
