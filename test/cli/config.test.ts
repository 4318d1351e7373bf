import { expect, test } from "vitest";

import { text } from "../repository/readme/markdown.ts";
import { cli, json } from "./run-cli.ts";

const files = {
  nginx: "docs/recipes/nginx/service.conf",
  haproxy: "docs/recipes/haproxy/haproxy.cfg",
  envoy: "docs/recipes/envoy/envoy.yaml",
  kubernetes: "docs/recipes/kubernetes/deployment.yaml",
};

test.each(Object.entries(files))("config %s prints the file of the recipe", async (name, file) => {
  const { exitCode, stdout, stderr } = await cli(["config", name]);
  expect([exitCode, stdout]).toEqual([0, text(file)]);
  expect(stderr).toContain("keepAlive(server, {");
  expect(stderr).toContain(`docs/recipes/${name}.md`);
  const { result } = await json(["config", name]);
  expect(result).toMatchObject({ name, text: text(file), page: expect.stringMatching(/^https:/) });
});

test.each([
  ["nginx", "    keepalive_timeout 65s;"],
  ["haproxy", "    timeout http-keep-alive 65s"],
  ["envoy", "                common_http_protocol_options: { idle_timeout: 65s }"],
])("config %s behind a load balancer outlasts it, and changes nothing else", async (name, line) => {
  const own = (await cli(["config", name])).stdout.split("\n");
  const changed = (await cli(["config", name, "--behind", "aws-alb"])).stdout.split("\n");
  expect(changed.filter((each) => !own.includes(each))).toEqual([line]);
  expect(Math.abs(changed.length - own.length)).toBeLessThanOrEqual(1);
});

test("the longest of several load balancers counts", async () => {
  const { stdout } = await cli(["config", "nginx", "--behind", "aws-alb,cloudflare"]);
  expect(stdout).toContain("keepalive_timeout 905s;");
});

test("the times of the Kubernetes recipe fit together", () => {
  const manifest = text(files.kubernetes);
  const page = text("docs/recipes/kubernetes.md");
  const number = (source: string, pattern: RegExp): number =>
    Number(pattern.exec(source)?.[1]?.replaceAll("_", ""));
  const preStopMs = number(manifest, /sleep: \{ seconds: (\d+) \}/) * 1000;
  const graceMs = number(manifest, /terminationGracePeriodSeconds: (\d+)/) * 1000;
  const deadlineMs = number(page, /deadlineMs: ([\d_]+)/);
  expect(preStopMs + deadlineMs + 5000).toBeLessThanOrEqual(graceMs);
});
