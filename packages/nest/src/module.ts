import {
  Inject,
  Module,
  Optional,
  Scope,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type HttpServer,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationShutdown,
  type Provider,
} from "@nestjs/common";
import { HttpAdapterHost, REQUEST } from "@nestjs/core";
import { OptionError } from "@reissue/core";
import { drain, type GateStats } from "@reissue/server";
import type { IncomingMessage } from "node:http";
import type { Server } from "node:http";

import { Gate } from "./gate.ts";
import {
  checkAsyncOptions,
  type ReissueAsyncOptions,
  type ReissueOptions,
  type ReissueOptionsFactory,
} from "./options.ts";
import { boundUpstream, UPSTREAM, UPSTREAM_CLIENT } from "./upstream.ts";

/**
 * Lets every request of an application through a gate, before the body parsers, and has its filters get translated
 * exceptions: 502, 503 or 504 for an upstream's failure, only where a replay is safe. Global: import it once.
 *
 * @example
 * ```ts
 * @Module({ imports: [ReissueModule.forRoot()], controllers: [OrdersController] })
 * export class AppModule {}
 * ```
 */
export class ReissueModule implements NestModule, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #gate: Gate;
  readonly #host: HttpAdapterHost;

  constructor(gate: Gate | undefined, host: HttpAdapterHost) {
    if (gate === undefined)
      throw new OptionError(
        "ReissueModule",
        "has no options: import ReissueModule.forRoot(), not ReissueModule",
      );
    this.#gate = gate;
    this.#host = host;
  }

  /** @throws {@link OptionError} with the path of the first wrong option. */
  static forRoot<Req = IncomingMessage>(options: ReissueOptions<Req> = {}): DynamicModule {
    // Checks the options at once. Later applications that import the module have gates of their own, since a closed
    // client stays closed.
    let first: Gate | null = new Gate(options as ReissueOptions);
    const useFactory = (): Gate => {
      const gate = first ?? new Gate(options as ReissueOptions);
      first = null;
      return gate;
    };
    return moduleWith([{ provide: Gate, useFactory }]);
  }

  /**
   * Creates the options with providers of other modules.
   *
   * @throws {@link OptionError} with the path of the first wrong option.
   */
  static forRootAsync<Req = IncomingMessage>(options: ReissueAsyncOptions<Req>): DynamicModule {
    checkAsyncOptions(options);
    const { imports = [], useClass } = options;
    const own: Provider[] = useClass === undefined ? [] : [useClass];
    return { ...moduleWith([...own, asyncGate(options as ReissueAsyncOptions)]), imports };
  }

  /** Called by Nest once the body parsers are registered, and before the routes are. */
  configure(_consumer: MiddlewareConsumer): void {
    this.#gate.install(this.#host.httpAdapter);
  }

  /**
   * Takes a snapshot of the application's gate: requests, keys, timeouts, translated errors.
   *
   * @example
   * ```ts
   * const { translations } = app.get(ReissueModule).stats();
   * ```
   */
  stats(): GateStats {
    return this.#gate.binding.settings.counts.stats;
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    if (signal === undefined || this.#gate.drain === false) return;
    // An application context has no adapter.
    const { httpAdapter } = this.#host as { readonly httpAdapter?: HttpServer };
    const server = httpAdapter?.getHttpServer() as Server | undefined;
    if (server?.listening === true) await drain(server, this.#gate.drain);
  }

  onApplicationShutdown(): Promise<void> {
    return this.#gate.close();
  }
}

// Decorators are called, since the sources have no syntax that has to be compiled.
Module({})(ReissueModule);
Inject(Gate)(ReissueModule, undefined, 0);
Optional()(ReissueModule, undefined, 0);
Inject(HttpAdapterHost)(ReissueModule, undefined, 1);

function moduleWith(gate: Provider[]): DynamicModule {
  const providers: Provider[] = [
    ...gate,
    { provide: UPSTREAM_CLIENT, useFactory: ({ client }: Gate) => client(), inject: [Gate] },
    { provide: UPSTREAM, useFactory: boundUpstream, inject: [REQUEST], scope: Scope.REQUEST },
  ];
  return {
    module: ReissueModule,
    global: true,
    providers,
    exports: [UPSTREAM, UPSTREAM_CLIENT],
  };
}

function asyncGate({ useFactory, inject, useClass, useExisting }: ReissueAsyncOptions): Provider {
  const factory = useClass ?? useExisting;
  if (factory === undefined) {
    return {
      provide: Gate,
      useFactory: async (...args: unknown[]) =>
        new Gate((await useFactory?.(...args)) as ReissueOptions),
      inject: inject ?? [],
    };
  }
  return {
    provide: Gate,
    useFactory: async (options: ReissueOptionsFactory) =>
      new Gate(await options.createReissueOptions()),
    inject: [factory],
  };
}
