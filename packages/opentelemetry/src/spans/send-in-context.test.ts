import { ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";

import { SendInContext } from "./send-in-context.ts";

describe("SendInContext", () => {
  test("sends once, within what was around the send before", () => {
    const log: string[] = [];
    const outer = {
      run(send: () => void) {
        log.push("outer begins");
        send();
        log.push("outer ends");
      },
    };
    new SendInContext(ROOT_CONTEXT, outer).run(() => log.push("sent"));
    expect(log).toEqual(["outer begins", "sent", "outer ends"]);
  });

  test("sends once where nothing was around the send", () => {
    let sent = 0;
    new SendInContext(ROOT_CONTEXT, null).run(() => (sent += 1));
    expect(sent).toBe(1);
  });
});
