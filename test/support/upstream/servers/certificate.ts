import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** A self-signed certificate, its own authority, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;

/** Makes one for the names given, such as `IP:127.0.0.1` (IPv4) and `DNS:localhost`: an ECDSA key, valid for two days. */
export function certificate(names = "IP:127.0.0.1,DNS:localhost"): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  // OpenSSL takes two authorities of one name for the same one, unless their keys differ in the identifier.
  const keyId = createHash("sha256").update(spki).digest().subarray(0, 20);
  const name = der(
    0x30,
    der(0x31, der(0x30, oid(2, 5, 4, 3), der(0x0c, Buffer.from("reissue test")))),
  );
  const ecdsaWithSha256 = der(0x30, oid(1, 2, 840, 10045, 4, 3, 2));
  const yes = der(0x01, Buffer.of(0xff));
  // The key's identifier, the names, and that it is an authority (RFC 5280 §4.2.1).
  const extensions = [
    der(0x30, oid(2, 5, 29, 14), der(0x04, der(0x04, keyId))),
    der(0x30, oid(2, 5, 29, 17), der(0x04, der(0x30, ...names.split(",").map(alternativeName)))),
    der(0x30, oid(2, 5, 29, 19), yes, der(0x04, der(0x30, yes))),
  ];
  // RFC 5280 §4.1: version 3, and what follows in this order.
  const toBeSigned = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ecdsaWithSha256,
    name,
    der(0x30, utcTime(Date.now() - dayMs), utcTime(Date.now() + dayMs)),
    name,
    spki,
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = Buffer.concat([Buffer.of(0), sign("sha256", toBeSigned, privateKey)]);
  const whole = der(0x30, toBeSigned, ecdsaWithSha256, der(0x03, signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** One value of ASN.1 in its distinguished encoding (X.690): a tag, a length, a content. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  // Nothing here comes near 64 KiB.
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...(length < 0x80 ? [length] : long)), bytes]);
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const digits = rest.flatMap((arc) => (arc < 0x80 ? [arc] : [0x80 | (arc >> 7), arc & 0x7f]));
  return der(0x06, Buffer.of(first * 40 + second, ...digits));
}

function utcTime(ms: number): Buffer {
  return der(0x17, Buffer.from(new Date(ms).toISOString().replaceAll(/^20|\.\d+|[-:T]/g, "")));
}

function alternativeName(name: string): Buffer {
  const [kind, value = ""] = name.split(":");
  if (kind === "DNS") return der(0x82, Buffer.from(value));
  if (kind === "IP" && isIPv4(value)) return der(0x87, Buffer.from(value.split(".").map(Number)));
  throw new Error(`not a name: ${name}`);
}
