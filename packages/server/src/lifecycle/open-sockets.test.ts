import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import type { Socket } from "node:net";

import { expect, test } from "vitest";

import { openSockets } from "./open-sockets.ts";

/** What is used of a socket. */
const socket = (): Socket => new EventEmitter() as Socket;

test("the sockets of a server are the open ones that have been accepted", () => {
  const server = new EventEmitter() as Server;
  const [early, first, second] = [socket(), socket(), socket()];
  server.emit("connection", early);
  const open = openSockets(server);
  server.emit("connection", first);
  server.emit("connection", second);
  expect([...open]).toEqual([first, second]);
  first.emit("close", false);
  expect([...open]).toEqual([second]);
});

test("a server is listened to once, and has only its own sockets", () => {
  const [server, other] = [new EventEmitter() as Server, new EventEmitter() as Server];
  expect(openSockets(server)).toBe(openSockets(server));
  expect(server.listenerCount("connection")).toBe(1);
  server.emit("connection", socket());
  expect(openSockets(other).size).toBe(0);
});
