import type { FactoryProvider, ModuleMetadata, Type } from "@nestjs/common";
import { OptionError } from "@reissue/core";
import { checkKeys } from "@reissue/core/internal";
import type { DrainOptions, GateOptions } from "@reissue/server";
import type { Upstream, UpstreamOptions } from "@reissue/upstream";
import type { IncomingMessage } from "node:http";

/** Options of `ReissueModule`. */
export interface ReissueOptions<Req = IncomingMessage> extends GateOptions<Req> {
  /**
   * The client behind `@Upstream()`: an open client, which you close, or options for a client that is closed with the
   * application.
   *
   * @defaultValue a client with every default, opened at its first use
   */
  readonly upstream?: Upstream | UpstreamOptions | undefined;
  /**
   * Options of the drain that a signal starts, once the application has called `enableShutdownHooks()`; false for none.
   * An `app.close()` without a signal does not wait for the lame duck period.
   *
   * @defaultValue `drain` with its defaults
   */
  readonly drain?: DrainOptions | false | undefined;
}

/** A provider that creates the options of `ReissueModule`. */
export interface ReissueOptionsFactory {
  createReissueOptions(): ReissueOptions | Promise<ReissueOptions>;
}

/** Options of `ReissueModule.forRootAsync`: how the module's options are created, in one of three ways. */
export interface ReissueAsyncOptions<Req = IncomingMessage> extends Pick<
  ModuleMetadata,
  "imports"
> {
  /** Creates the options from the providers that `inject` names. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as Nest's own: the arguments are whatever `inject` names.
  readonly useFactory?: (...args: any[]) => ReissueOptions<Req> | Promise<ReissueOptions<Req>>;
  readonly inject?: NonNullable<FactoryProvider["inject"]>;
  /** A class that creates the options, instantiated by the module. */
  readonly useClass?: Type<ReissueOptionsFactory>;
  /** A provider that creates the options, from one of the `imports`. */
  readonly useExisting?: Type<ReissueOptionsFactory> | string | symbol;
}

const names = ["imports", "inject", "useFactory", "useClass", "useExisting"];

/**
 * Checks the options of `ReissueModule.forRootAsync`: without one of the three ways the defaults would silently hold.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function checkAsyncOptions(options: object): void {
  checkKeys(options, "options", names);
  const { useFactory, useClass, useExisting } = options as ReissueAsyncOptions;
  if (typeof useFactory === "function" || (useClass ?? useExisting) !== undefined) return;
  throw new OptionError("options", "must have useFactory, useClass or useExisting");
}
