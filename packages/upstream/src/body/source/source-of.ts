import type { SourceKind } from "../body-kind.ts";
import { IterableSource } from "./iterable-source.ts";
import { NodeSource, type NodeStream } from "./node-source.ts";
import type { Chunk, Source } from "./source.ts";
import { WebSource, type WebStream } from "./web-source.ts";

/** Makes a source of a body that can be read once, by its kind. */
export function sourceOf(value: unknown, kind: SourceKind): Source {
  switch (kind) {
    case "source":
      return value as Source;
    case "node-stream":
      return new NodeSource(value as NodeStream);
    case "web-stream":
      return new WebSource(value as WebStream);
    case "iterable":
      return new IterableSource(value as AsyncIterable<Chunk> | Iterable<Chunk>);
  }
}
