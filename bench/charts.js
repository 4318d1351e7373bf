// @ts-check
// Draws docs/images/*.svg from what the last runs left in results/; with --check it only says which are stale.
import { readFileSync, writeFileSync } from "node:fs";

import { parse, View } from "vega";
import { compile } from "vega-lite";

import { fleetFailures } from "./charts/fleet-failures.js";
import { fleetScenario } from "./charts/fleet-scenario.js";
import { ratios } from "./charts/ratios.js";
import { readResult } from "./run/result.js";

const fleet = readResult("fleet");

/** @type {Record<string, import("vega-lite").TopLevelSpec>} */
const charts = {
  "fleet-failures": fleetFailures(fleet),
  "fleet-restart": fleetScenario("rolling-restart", fleet),
  "fleet-blip": fleetScenario("blip", fleet),
  "fleet-outage": fleetScenario("outage", fleet),
  "fleet-slow-third": fleetScenario("slow-third", fleet),
  "fleet-overload": fleetScenario("overload", fleet),
  throughput: ratios(readResult("throughput")),
};

const isCheck = process.argv.includes("--check");
for (const [name, spec] of Object.entries(charts)) {
  const file = new URL(`../docs/images/${name}.svg`, import.meta.url);
  const drawn = `${await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG()}\n`;
  if (!isCheck) writeFileSync(file, drawn);
  else if (drawn !== readFileSync(file, "utf8")) {
    console.error(`docs/images/${name}.svg is stale: run npm --prefix bench run charts`);
    process.exitCode = 1;
  }
}
