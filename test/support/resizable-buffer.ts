/** An ArrayBuffer whose length can change, which the types of ES2023 do not know. */
export interface ResizableBuffer extends ArrayBuffer {
  resize(byteLength: number): void;
}

/** Makes one of `byteLength` bytes that can grow to `maxByteLength`. */
export function resizableBuffer(byteLength: number, maxByteLength: number): ResizableBuffer {
  return Reflect.construct(ArrayBuffer, [byteLength, { maxByteLength }]) as ResizableBuffer;
}
