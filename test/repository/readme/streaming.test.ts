import { afterAll, beforeAll, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { freePort } from "../../support/free-port.ts";
import { snippets } from "./markdown.ts";
import { Project, untilAnswered } from "./project.ts";

let project: Project;
beforeAll(async () => (project = await Project.open("express")));
afterAll(() => project.remove());

test("the service of the recipe passes events on as they come", async () => {
  const event = "data: 1\n\n";
  const models = await opened({
    faults: [{ fault: "slow", from: "body", chunkBytes: event.length, everyMs: 20 }],
    respond: { body: event.repeat(5), chunked: true },
  });
  const port = await freePort();
  const code = snippets("docs/recipes/streaming.md")[0] ?? "";
  await project.start(
    code.replace("8080", String(port)).replaceAll("http://models:3000", models.origin),
  );
  const url = `http://127.0.0.1:${port}/events`;
  await untilAnswered(url);
  const answer = await fetch(url);
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const chunks: string[] = [];
  for await (const chunk of answer.body!) chunks.push(Buffer.from(chunk).toString());
  expect(chunks.join("")).toBe(event.repeat(5));
  expect(chunks.length).toBeGreaterThan(1);
});
