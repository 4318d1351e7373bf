import { isArrayBuffer } from "node:util/types";

/** Bytes as a caller gives them. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Whether a value is bytes, of whichever realm. */
export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || isArrayBuffer(value);
}

/**
 * Bytes as they were when the call began.
 *
 * Their owner may fill the buffer anew, resize or transfer it while the call waits or is under way, as fetch allows, and
 * a resend under the same key has to carry what the first send did.
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
