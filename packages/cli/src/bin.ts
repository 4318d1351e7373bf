#!/usr/bin/env node
import { processTerminal } from "./terminal/process-terminal.ts";
import { run } from "./index.ts";

void run(process.argv.slice(2), processTerminal()).then((exitCode) => {
  process.exitCode = exitCode;
});
