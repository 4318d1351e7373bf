import type { ErrorRecord } from "../input/error-record.ts";

/** A client's words, and the error that it throws with them. */
type Words = readonly [text: RegExp, code: string | null, name?: string, message?: string];

/** Errors that people quote without their code, by the client that words them so. */
const words: readonly Words[] = [
  // node:http and node:tls
  [/socket hang up/, "ECONNRESET", "Error", "socket hang up"],
  [
    /Client network socket disconnected before secure TLS/,
    "ECONNRESET",
    "Error",
    "Client network socket disconnected before secure TLS connection was established",
  ],
  [/self[- ]signed certificate in certificate chain/i, "SELF_SIGNED_CERT_IN_CHAIN"],
  [/self[- ]signed certificate/i, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  [/unable to verify the first certificate/i, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  [/certificate has expired/i, "CERT_HAS_EXPIRED"],
  [/Hostname\/IP does not match certificate's altnames/, "ERR_TLS_CERT_ALTNAME_INVALID"],
  // node:stream, node-fetch
  [/premature close/i, "ERR_STREAM_PREMATURE_CLOSE"],
  // undici, and fetch over it
  [/other side closed/, "UND_ERR_SOCKET", "SocketError", "other side closed"],
  [/Headers Timeout Error/, "UND_ERR_HEADERS_TIMEOUT"],
  [/Body Timeout Error/, "UND_ERR_BODY_TIMEOUT"],
  [/Connect Timeout Error/, "UND_ERR_CONNECT_TIMEOUT"],
  [/Response does not match the HTTP\/1\.1 protocol/, "HPE_INVALID_CONSTANT"],
  // node:http's parser
  [/Parse Error: /, "HPE_INVALID_CONSTANT"],
  // axios
  [/timeout of \d+ ?ms exceeded/, "ECONNABORTED"],
  // The DOM's
  [/The operation was aborted due to timeout/, null, "TimeoutError"],
  [/(This|The) (operation|user|request)( was)? aborted( a request)?/, null, "AbortError"],
];

/** Node's wording of a failed call, as in `connect ECONNREFUSED 127.0.0.1:3000`. */
const callAndCode =
  /\b(?:connect|bind|read|write|getaddrinfo|query[A-Z]\w{0,15}) (E[A-Z_]{2,20})\b[^"'\n]{0,200}/;

/** A code in the midst of other words. */
const anyCode =
  /\b(E(?:CONN|PIPE|TIMEDOUT|HOST|NET|NOT|AI_|ADDR|MFILE|NFILE|PROTO|SOCKETTIMEDOUT|SERVFAIL|TIMEOUT)[A-Z_]*|UND_ERR_[A-Z_]+|ERR_[A-Z0-9_]+|HPE_[A-Z_]+|NGHTTP2_[A-Z_]+|CERT_[A-Z_]+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+|PROTOCOL_CONNECTION_LOST|ABORT_ERR)\b/;

/** The code of an error that has lost it and kept its message; undefined where the message does not say it. */
export function recoverCode(message: string): string | undefined {
  const called = /^(?:connect|bind|read|write|getaddrinfo|query[A-Z]\w{0,15}) (E[A-Z_]{2,20})\b/;
  const code = called.exec(message)?.[1];
  if (code !== undefined) return code;
  const own = words.find(([text]) => new RegExp(`^(?:${text.source})`, text.flags).test(message));
  return own?.[1] ?? undefined;
}

/** The error that quoted words or a bare code stand for; null where they are no client's. */
export function errorOfWords(text: string): ErrorRecord | null {
  const called = callAndCode.exec(text);
  if (called !== null) return { message: called[0].trim(), code: called[1] };
  const code = anyCode.exec(text)?.[1];
  const known = words.find(([pattern]) => pattern.test(text));
  if (code !== undefined) {
    const ownMessage = text.replace(code, "").replace(/^[\s:()[\]-]+|[\s:()[\]-]+$/g, "");
    return { code, name: known?.[2], message: known?.[3] ?? ownMessage };
  }
  if (known !== undefined) {
    const [pattern, code, name, message = pattern.exec(text)?.[0] ?? text] = known;
    return code === null ? { name, message } : { name, code, message };
  }
  if (/^(TypeError: )?terminated$/.test(text.trim().split("\n", 1)[0] ?? "")) return terminated;
  // node:http, for a response whose connection closed before its end.
  if (/^(Error: )?aborted$/.test(text.trim())) return { code: "ECONNRESET", message: "aborted" };
  return null;
}

/** What the body of a fetched response rejects with; its cause says how. */
const terminated: ErrorRecord = {
  name: "TypeError",
  message: "terminated",
  cause: { name: "SocketError", code: "UND_ERR_SOCKET", message: "other side closed" },
};
