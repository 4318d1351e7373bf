import { ServerResponse } from "node:http";

import { carrierOf } from "../carrier.ts";

/** A method of a response's, or what is called in its place. */
export type Method = (...args: unknown[]) => unknown;

const names = ["writeHead", "write", "end", "addTrailers", "flushHeaders"] as const;

/** The methods that everything comes down to which a response is told. */
export type Methods = Readonly<Record<(typeof names)[number], Method>>;

/** What is told in a response's place. */
export interface Interceptor extends Methods {
  /** Whether its `end` has been called. */
  readonly hasEnded: boolean;
}

const intercepted = Symbol("reissue.response");

interface Carrier {
  [intercepted]?: {
    readonly interceptor: Interceptor;
    /** Whether the methods are the response's own, or those of its prototype. */
    readonly isOwn: boolean;
  };
}

/**
 * Puts an interceptor between a response and whoever writes it. Wrappers that others have put there before are called by
 * the originals; what others put there later calls the interceptor.
 *
 * The methods go on the prototype that a framework gives to all its responses, if it has one, and there do nothing for
 * those that nobody intercepts: as properties of its own they would cost each of Express' 29 µs.
 *
 * @param make - Given the original methods, to be called on the response.
 */
export function intercept(
  response: ServerResponse,
  make: (originals: Methods) => Interceptor,
): void {
  const current = response as unknown as Methods;
  const shared = sharedBy(response);
  const isOwn = shared === null || names.some((name) => current[name] !== shared.methods[name]);
  const { writeHead, write, end, addTrailers, flushHeaders } = isOwn ? current : shared.originals;
  const interceptor = make({ writeHead, write, end, addTrailers, flushHeaders });
  (carrierOf(response.req) as Carrier)[intercepted] = { interceptor, isOwn };
  if (isOwn) put(own, response);
}

/** What takes the place of methods, and the originals that are called for whom nobody intercepts. */
interface Replacement {
  readonly originals: Methods;
  readonly methods: Methods;
  readonly writableEnded: PropertyDescriptor & ThisType<ServerResponse>;
}

const own = replacement(ServerResponse.prototype as unknown as Methods, true);

const replaced = new WeakMap<object, Replacement>();

/** That of a response's prototype, put there if it is new; null where there is none, or it has methods of its own. */
function sharedBy(response: ServerResponse): Replacement | null {
  const prototype = prototypeOf(response);
  if (prototype === null) return null;
  const before = replaced.get(prototype);
  if (before !== undefined) return before;
  if ([...names, "writableEnded"].some((name) => Object.hasOwn(prototype, name))) return null;
  const shared = replacement(Object.getPrototypeOf(prototype) as Methods, false);
  put(shared, prototype);
  replaced.set(prototype, shared);
  return shared;
}

/** What stands right before Node's own in the chain of a response's prototypes; null where nothing does. */
function prototypeOf(response: ServerResponse): object | null {
  let last: object | null = null;
  let prototype: object | null = Object.getPrototypeOf(response);
  while (prototype !== null && prototype !== ServerResponse.prototype) {
    last = prototype;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null ? null : last;
}

function replacement(originals: Methods, isOwn: boolean): Replacement {
  const interceptorOf = (response: ServerResponse): Interceptor | null => {
    const interception = (carrierOf(response.req) as Carrier)[intercepted];
    return interception?.isOwn === isOwn ? interception.interceptor : null;
  };
  const method = (name: keyof Methods) =>
    function (this: ServerResponse, ...args: unknown[]): unknown {
      const interceptor = interceptorOf(this);
      if (interceptor === null) return Reflect.apply(originals[name], this, args);
      return interceptor[name](...args);
    };
  return {
    originals,
    methods: {
      writeHead: method("writeHead"),
      write: method("write"),
      end: method("end"),
      addTrailers: method("addTrailers"),
      flushHeaders: method("flushHeaders"),
    },
    writableEnded: {
      configurable: true,
      get() {
        // What Node's own says of it.
        return this.finished || interceptorOf(this)?.hasEnded === true;
      },
    },
  };
}

function put({ methods, writableEnded }: Replacement, target: object): void {
  Object.assign(target, methods);
  Object.defineProperty(target, "writableEnded", writableEnded);
}
