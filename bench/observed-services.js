// @ts-check
import { observe } from "./observers.js";
import { services as plain } from "./services.js";

/**
 * The services of services.js with the adapter mounted, each alone in its process, since it is observed as a whole.
 *
 * @type {Record<string, (observer: import("./observers.js").Observer) => Promise<import("node:http").Server>>}
 */
export const services = Object.fromEntries(
  Object.entries(plain).map(([name, open]) => [
    name,
    (observer) => {
      observe(observer);
      return open("Reissue");
    },
  ]),
);
