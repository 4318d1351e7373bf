import { countArgument, parseArguments, wrongArgument } from "../arguments/parse-arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { styleOf } from "../terminal/style.ts";

const help = `Usage: reissue lab [--port <port>] [--host <host>]

Serves the laboratory of the keep-alive race as a page on this machine: fetch,
axios-retry, undici's RetryAgent and Reissue, side by side against the same
faulty upstream. Prints the URL; Ctrl-C ends it and all of its processes.

Options
  --port <port>  of the page (0: any that is free)
  --host <host>  127.0.0.1, ::1 or localhost (127.0.0.1)
  --json         prints { url }
Exit codes: 0 ended by Ctrl-C, 2 wrong arguments, or the port is taken
`;

/** `reissue lab`. */
export const lab: Command = {
  name: "lab",
  summary: "the keep-alive race in a browser, live",
  help,
  async run(args, { stdout, stderr, env, signal }) {
    const { values, positionals } = parseArguments("lab", args, {
      port: { type: "string" },
      host: { type: "string" },
      json: { type: "boolean" },
    });
    const [extra] = positionals;
    if (extra !== undefined) throw wrongArgument("lab", `"${extra}" is one argument too many.`);
    const { port = "0", host = "127.0.0.1" } = values;
    if (!isLoopback(host)) {
      throw wrongArgument("lab", `--host must be 127.0.0.1, ::1 or localhost, got "${host}".`);
    }
    const number = countArgument("lab", "--port", port, { min: 0, max: 65_535 });
    // The laboratory brings clients and a chart with it, which no other command needs.
    const { runLab } = await import("@reissue/lab");
    const running = await runLab({ port: number, host }).catch((error: NodeJS.ErrnoException) => {
      if (error.syscall !== "listen") throw error;
      throw wrongArgument("lab", `Port ${port} cannot be listened on: ${error.message}.`);
    });
    try {
      const { url } = running;
      stdout.write(values.json === true ? `${JSON.stringify({ url })}\n` : `${url}\n`);
      stderr.write(`${styleOf(stderr, env).quiet("Ctrl-C ends it.")}\n`);
      await aborted(signal);
      return exitCodes.ok;
    } finally {
      await running.close();
    }
  },
};

function isLoopback(host: string): host is "127.0.0.1" | "::1" | "localhost" {
  return host === "127.0.0.1" || host === "::1" || host === "localhost";
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
