// @ts-check
import { parseArgs } from "node:util";

const usage = `Usage: npm run demo -- [--seconds 15] [--seed 1] [--register] [--serve [--port 0]]
  --seconds  how long the load lasts, 1 to 600
  --seed     the same seed gives the same load, 0 to 2147483647
  --serve    the race in a browser instead: prints the URL of a page
  --port     of that page, 0 to 65535; 0 takes any that is free
  --register unchanged services with axios, got, fetch and AWS' HTTP handler, without and with @reissue/register`;

/**
 * Reads the laboratory's arguments; imports nothing that has to be installed, so that wrong ones are told at once.
 *
 * Prints what is wrong and ends the process with 2 where they are.
 *
 * @param {string[]} args
 */
export function readArguments(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        seconds: { type: "string", default: "15" },
        seed: { type: "string", default: "1" },
        serve: { type: "boolean", default: false },
        port: { type: "string", default: "0" },
        register: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const seconds = integer("--seconds", values.seconds, 1, 600);
    const seed = integer("--seed", values.seed, 0, 2 ** 31 - 1);
    const port = integer("--port", values.port, 0, 65_535);
    return { seconds, seed, port, serve: values.serve, register: values.register };
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} min
 * @param {number} max
 */
function integer(name, text, min, max) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} must be an integer from ${min} to ${max}, got ${JSON.stringify(text)}`);
}
