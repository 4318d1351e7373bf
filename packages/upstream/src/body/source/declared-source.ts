import { IterableSource } from "./iterable-source.ts";

/**
 * Body that fetch reads chunk by chunk from content that it holds in full, and whose length it declares.
 *
 * Its record may be longer than a stream's, since the caller holds the content anyway.
 */
export class DeclaredSource extends IterableSource {}
