import { Laboratory } from "./laboratory/laboratory.ts";
import { readLabOptions, type LabOptions } from "./lab-options.ts";
import { readPageFiles } from "./page-files.ts";
import { LabServer } from "./server/lab-server.ts";

/** A laboratory that is being served. */
export interface Lab {
  /** URL of the page, such as `http://127.0.0.1:41234/`. */
  readonly url: string;
  /** Ends every process of the laboratory, and frees the port; resolves when all of that is gone. */
  close(): Promise<void>;
}

/**
 * Serves the laboratory: a page that shows the keep-alive race live, under several clients side by side.
 *
 * Nothing is run before a visitor starts it. A run ends after five minutes, and when no page is open any more.
 *
 * @throws OptionError with the option's path; the system's error when the port is taken
 * @example
 * ```ts
 * const lab = await runLab({ port: 4400 });
 * console.log(lab.url);
 * process.once("SIGINT", () => void lab.close());
 * ```
 */
export async function runLab(options: LabOptions = {}): Promise<Lab> {
  const { port, host } = readLabOptions(options);
  const laboratory = new Laboratory();
  const server = new LabServer(laboratory, readPageFiles());
  const own = await server.listen(port, host);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${own}/`,
    async close() {
      await Promise.all([server.close(), laboratory.close()]);
    },
  };
}
