const step = 0x6d2b79f5;

/** The output function of mulberry32: a 32-bit state to a number in [0, 1). */
function mix(state: number): number {
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/**
 * Numbers in [0, 1) that are the same for the same seed (mulberry32).
 *
 * @param seed - Any integer; only its low 32 bits count.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + step) | 0;
    return mix(state);
  };
}

/**
 * The `index`th number of stream `stream` of a seed, in [0, 1), without drawing those before it.
 *
 * Faults draw by position, so that the decisions of one rule depend neither on other rules nor on the requests that the
 * rule has applied to.
 */
export function drawAt(seed: number, stream: number, index: number): number {
  const start = Math.floor(mix((seed + Math.imul(stream + 1, 0x9e3779b1)) | 0) * 4_294_967_296);
  return mix((start + Math.imul(index + 1, step)) | 0);
}
