/** Converts bytes to text, one character for each. */
export function latin1(bytes: Uint8Array): string {
  if (Buffer.isBuffer(bytes)) return bytes.toString("latin1");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
