import { IterableSource } from "./iterable-source.ts";

/**
 * A body that fetch reads chunk by chunk from what it holds in full, and whose length it declares.
 *
 * A record of it costs no more than the caller holds already, so it may be longer than that of a stream.
 */
export class DeclaredSource extends IterableSource {}
