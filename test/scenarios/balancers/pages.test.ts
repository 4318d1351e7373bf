import { expect, test } from "vitest";

import { recipe } from "./balancer.ts";

test.each([
  ["nginx.md", "nginx/service.conf"],
  ["haproxy.md", "haproxy/haproxy.cfg"],
  ["envoy.md", "envoy/envoy.yaml"],
  ["kubernetes.md", "kubernetes/deployment.yaml"],
])("the page %s shows the file %s", async (page, file) => {
  const blocks = [...(await recipe(page)).matchAll(/^```(?!js$)\w+\n(.*?)^```$/gms)].map(
    ([, text]) => text,
  );
  expect(blocks).toEqual([await recipe(file)]);
});

test("the recipe of Envoy says that no test runs it", async () => {
  expect(await recipe("envoy.md")).toContain("**Not run here.**");
});
