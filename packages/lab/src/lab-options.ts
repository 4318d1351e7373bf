import { checkKeys, checkNumber, checkOneOf } from "@reissue/core/internal";

/** Options of {@link runLab}. */
export interface LabOptions {
  /** Port of the page. @defaultValue 0, any free port */
  readonly port?: number | undefined;
  /**
   * Address to listen on: `127.0.0.1`, `::1` or `localhost`. Others are refused, since a page that other machines
   * reach could be used to load this one.
   *
   * @defaultValue `"127.0.0.1"`
   */
  readonly host?: "127.0.0.1" | "::1" | "localhost" | undefined;
}

const hosts = ["127.0.0.1", "::1", "localhost"] as const;

/**
 * Checks options and fills in the defaults.
 *
 * @throws OptionError with the option's path
 */
export function readLabOptions(options: LabOptions): { port: number; host: string } {
  checkKeys(options, "options", ["port", "host"]);
  const { host = "127.0.0.1" } = options;
  checkOneOf(host, hosts, "options.host");
  const bounds = { min: 0, max: 65_535, integer: true };
  return { port: checkNumber(options.port, "options.port", 0, bounds), host };
}
