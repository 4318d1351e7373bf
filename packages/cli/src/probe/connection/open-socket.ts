import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, rootCertificates, TLSSocket } from "node:tls";

import { hostOf, portOf, type Target } from "./target.ts";

/** Protocols that may be offered by ALPN. */
export type Protocol = "http/1.1" | "h2";

/**
 * Opens a connection to a server.
 *
 * @param address - The address to connect to; null to resolve the host. All connections of a probe go to one address, since
 * servers behind one name may differ.
 * @param protocols - What is offered by ALPN, over TLS.
 * @throws the socket's error, or one with the code ETIMEDOUT and the system call `connect`.
 */
export function openSocket(
  target: Target,
  address: string | null,
  protocols: readonly Protocol[],
): Promise<Socket> {
  const socket = connecting(target, address, protocols);
  const { clock, timeoutMs } = target;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => socket.destroy(timeoutError(target)), timeoutMs);
    const ready = socket instanceof TLSSocket ? "secureConnect" : "connect";
    const settle = (error?: Error): void => {
      clock.clearTimeout(timer);
      socket.off(ready, onReady).off("error", settle).off("close", onClose);
      // The listener of whoever takes the socket comes later than an early error may.
      socket.on("error", () => {});
      if (error === undefined) resolve(socket);
      else reject(error);
    };
    const onReady = (): void => settle();
    const onClose = (): void => settle(closedError());
    socket.once(ready, onReady).once("error", settle).once("close", onClose);
  });
}

function connecting(
  { url, ca, insecure }: Target,
  address: string | null,
  protocols: readonly Protocol[],
): Socket {
  const host = address ?? hostOf(url);
  const port = portOf(url);
  if (url.protocol !== "https:") return connectTcp({ host, port });
  return connectTls({
    host,
    port,
    ALPNProtocols: [...protocols],
    rejectUnauthorized: !insecure,
    ...(isIP(hostOf(url)) === 0 && { servername: hostOf(url) }),
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  });
}

function timeoutError({ timeoutMs }: Target): Error {
  const error = new Error(`no connection in ${timeoutMs} ms`);
  return Object.assign(error, { code: "ETIMEDOUT", syscall: "connect" });
}

function closedError(): Error {
  return Object.assign(new Error("closed while connecting"), {
    code: "ECONNRESET",
    syscall: "connect",
  });
}
