import type { HttpServer } from "@nestjs/common";
import { gateConfig, upstreamSource, type GateBinding } from "@reissue/server/internal";
import type { Upstream, UpstreamOptions } from "@reissue/upstream";

import { createUpstream } from "@reissue/upstream/lazy";
import { translateExceptions } from "./exceptions.ts";
import type { ReissueOptions } from "./options.ts";
import { installInExpress } from "./platform/express.ts";
import { installInFastify } from "./platform/fastify.ts";

/** The gate of an application, and the client behind it. */
export class Gate {
  readonly binding: GateBinding;
  readonly drain: ReissueOptions["drain"];
  /** Returns the client, opened at its first use. */
  readonly client: () => Upstream;
  /** Closes a client that the gate has opened, once its calls have ended; a client that was given stays open. */
  readonly close: () => Promise<void>;

  /** @throws {@link OptionError} with the path of the first wrong option. */
  constructor(options: ReissueOptions) {
    const settings = gateConfig(options, ["upstream", "drain"]);
    const upstream = upstreamSource<Upstream, UpstreamOptions>(
      options.upstream,
      createUpstream,
      options.validate,
    );
    this.binding = { settings, client: upstream.get };
    this.client = upstream.get;
    this.close = upstream.close;
    this.drain = options.drain;
  }

  /** Lets the requests of an application through the gate, and translates its exceptions. */
  install(adapter: HttpServer): void {
    translateExceptions(adapter, this.binding.settings);
    const platform = adapter.getType();
    if (platform === "express") return installInExpress(adapter, this.binding);
    if (platform === "fastify") return installInFastify(adapter.getInstance(), this.binding);
    throw new Error(
      `@reissue/nest supports platform-express and platform-fastify, not ${platform}`,
    );
  }
}
