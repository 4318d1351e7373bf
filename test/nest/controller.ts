import type { DynamicModule, Type } from "@nestjs/common";

import type { NestVersion } from "./versions.ts";

/** Decorates a method by a call, as compiled decorators do. */
export function decorateMethod(
  { prototype }: { readonly prototype: object },
  name: string,
  ...decorators: MethodDecorator[]
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  for (const decorator of decorators.toReversed()) decorator(prototype, name, descriptor);
}

/** A controller with one method, `run`. */
export function controller(
  { common }: NestVersion,
  run: () => unknown,
  ...decorators: MethodDecorator[]
): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- as Nest has it.
  class Orders {}
  const prototype: object = Orders.prototype;
  Object.defineProperty(prototype, "run", { value: () => run(), configurable: true });
  decorateMethod(Orders, "run", ...decorators);
  common.Controller()(Orders);
  return Orders;
}

/** A module of an application. */
export function module(
  { common, reissue }: NestVersion,
  controllers: Type[],
  imports: DynamicModule[] = [reissue.ReissueModule.forRoot()],
  providers: object[] = [],
): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- as Nest has it.
  class App {}
  common.Module({ imports, controllers, providers: providers as never })(App);
  return App;
}
