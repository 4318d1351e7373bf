import { IterableSource } from "./iterable-source.ts";
import { isNodeStream, NodeSource, type NodeStream } from "./node-source.ts";
import { Source, type Chunk } from "./source.ts";
import { isWebStream, WebSource, type WebStream } from "./web-source.ts";

/** Whatever can be read chunk by chunk, once: a Node stream, a web stream, a generator. */
export type ChunkSource = Source | NodeStream | WebStream | AsyncIterable<Chunk> | Iterable<Chunk>;

/** Any of them as a source. */
export function sourceOf(value: ChunkSource): Source {
  if (value instanceof Source) return value;
  if (isNodeStream(value)) return new NodeSource(value);
  return isWebStream(value) ? new WebSource(value) : new IterableSource(value);
}

/** Whether a value is one of them; so are some bodies that can be sent as they are, strings and bytes among them. */
export function isChunkSource(value: unknown): value is ChunkSource {
  return (
    typeof value === "object" &&
    value !== null &&
    (value instanceof Source ||
      isNodeStream(value) ||
      isWebStream(value) ||
      Symbol.asyncIterator in value ||
      Symbol.iterator in value)
  );
}
