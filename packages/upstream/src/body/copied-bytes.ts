import { isArrayBuffer } from "node:util/types";

/** Bytes as a caller passes them. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Whether a value is bytes, of any realm. */
export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || isArrayBuffer(value);
}

/**
 * Copy of a body's bytes, made when the call begins.
 *
 * The caller may fill, resize or transfer its buffer while the call is under way, as fetch allows; a resend under the
 * same key must carry the bytes of the first send.
 */
export class CopiedBytes {
  readonly bytes: Uint8Array;

  constructor(given: Bytes) {
    const { byteLength } = given;
    if (byteLength === 0) this.bytes = new Uint8Array();
    else if (!ArrayBuffer.isView(given)) this.bytes = Buffer.from(new Uint8Array(given));
    else this.bytes = Buffer.from(new Uint8Array(given.buffer, given.byteOffset, byteLength));
  }
}
