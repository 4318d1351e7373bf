import type { Dispatcher } from "undici";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";

interface Paused {
  readonly names: string[];
  readonly resume: () => void;
}

/** Dispatches with a handler that pauses at the head, and has `onData` for what comes when it is resumed. */
function paused(
  agent: Dispatcher,
  origin: string,
  onData: (controller: Dispatcher.DispatchController) => void,
): Promise<Paused> {
  const names: string[] = [];
  return new Promise((resolve) => {
    agent.dispatch(
      { origin, path: "/", method: "GET" },
      {
        onRequestStart: () => {},
        onResponseStart: (controller) => {
          controller.pause();
          resolve({ names, resume: () => controller.resume() });
        },
        onResponseData: (controller) => {
          names.push("data");
          onData(controller);
        },
        onResponseEnd: () => void names.push("end"),
        onResponseError: (_controller, error) => void names.push(error.message),
      },
    );
  });
}

test.each([65_536, 0])(
  "a pause holds the body back until it is resumed (holdBytes: %i)",
  async (holdBytes) => {
    const { origin } = await opened();
    const agent = outbound({ holdBytes }).dispatcher;
    const { names, resume } = await paused(agent, origin, () => {});
    // real time: shows that nothing is delivered during a pause
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(names).toEqual([]);
    resume();
    await agent.close();
    expect(names).toEqual(["data", "end"]);
  },
);

test.each([65_536, 0])(
  "a handler that throws when it is resumed gets one error, and has ended (holdBytes: %i)",
  async (holdBytes) => {
    const { origin } = await opened();
    const agent = outbound({ holdBytes }).dispatcher;
    const { names, resume } = await paused(agent, origin, () => {
      throw new Error("thrown");
    });
    // real time: the response must arrive during the pause
    await new Promise((resolve) => setTimeout(resolve, 20));
    resume();
    await expect.poll(() => names).toEqual(["data", "thrown"]);
    await agent.close();
  },
  5000,
);

test.each([65_536, 0])(
  "a handler that aborts while it pauses gets one error (holdBytes: %i)",
  async (holdBytes) => {
    const { origin } = await opened();
    const agent = outbound({ holdBytes }).dispatcher;
    const { names, resume } = await paused(agent, origin, (controller) => {
      controller.abort(new Error("left"));
      controller.abort(new Error("again"));
    });
    // real time: the response must arrive during the pause
    await new Promise((resolve) => setTimeout(resolve, 20));
    resume();
    await agent.close();
    expect(names).toEqual(["data", "left"]);
  },
  5000,
);
