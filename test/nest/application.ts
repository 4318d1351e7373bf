import type { INestApplication, Type } from "@nestjs/common";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

import type { NestVersion, Platform } from "./versions.ts";

/** A running application of NestJS. */
export interface Application {
  readonly origin: string;
  readonly app: INestApplication;
  get(path: string, init?: RequestInit): Promise<ApplicationResponse>;
  post(path: string, init?: RequestInit): Promise<ApplicationResponse>;
  close(): Promise<void>;
}

/** A response of an application. */
export interface ApplicationResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Options of {@link startApplication}. */
export interface ApplicationOptions {
  /** Options of `NestFactory.create`. */
  readonly create?: object;
  /** Does what a `main.ts` does before it listens. */
  readonly configure?: (app: INestApplication) => void;
}

/** Starts an application, which is closed when the test is over. */
export async function startApplication(
  nest: NestVersion,
  platform: Platform,
  module: Type,
  { create, configure }: ApplicationOptions = {},
): Promise<Application> {
  const app = await nest.core.NestFactory.create(module, nest.adapter(platform) as never, {
    logger: false,
    abortOnError: false,
    ...create,
  });
  configure?.(app);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    (app.getHttpServer() as Server).closeAllConnections();
    await app.close();
  };
  onTestFinished(close);
  await app.listen(0, "127.0.0.1");
  const { port } = app.getHttpServer().address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const request = async (path: string, init: RequestInit): Promise<ApplicationResponse> => {
    const response = await fetch(origin + path, { ...init, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? (JSON.parse(text) as unknown) : text,
    };
  };
  return {
    origin,
    app,
    close,
    get: (path, init) => request(path, { ...init, method: "GET" }),
    post: (path, init) => request(path, { ...init, method: "POST" }),
  };
}
