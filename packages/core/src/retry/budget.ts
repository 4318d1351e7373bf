/** Number of resends that an origin can afford. */
export interface BudgetOptions {
  /** Resends for each request, as a fraction. */
  readonly ratio: number;
  /** Resends per second beyond the ratio, so that a quiet client can retry at all. */
  readonly minPerSecond: number;
}

const windowMs = 2000;
const sliceMs = 200;
// One more than in the window, since the newest slice is never full.
const slices = windowMs / sliceMs + 1;

/**
 * Retry budget: a token bucket whose tokens expire.
 *
 * Each request adds `ratio` tokens, each resend takes one, and anything older than 2 to 2.2 seconds expires;
 * `minPerSecond` is added to that. Whenever a token is taken, the resends of the last two seconds are thus at most
 * `ratio` · the requests of the last 2.2 + 2 · `minPerSecond`: a bucket filled in a healthy past cannot be spent on an
 * outage. The design is Finagle's `RetryBudget` (ratio 20 %, 10 a second, ttl 10 s) with a shorter memory.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #requests = new Array<number>(slices).fill(0);
  readonly #resends = new Array<number>(slices).fill(0);
  #slice = 0;
  #requestSum = 0;
  #resendSum = 0;

  constructor(options: BudgetOptions) {
    this.#ratio = options.ratio;
    this.#reserve = (options.minPerSecond * windowMs) / 1000;
  }

  /** Counts a request, not a resend. */
  deposit(nowMs: number): void {
    const at = this.#advance(nowMs);
    this.#requests[at]! += 1;
    this.#requestSum += 1;
  }

  /** Whether a token is left for a resend. */
  has(nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#resendSum + 1 <= this.#ratio * this.#requestSum + this.#reserve;
  }

  /** Number of resends that could be made now. */
  left(nowMs: number): number {
    this.#advance(nowMs);
    const tokens = this.#ratio * this.#requestSum + this.#reserve - this.#resendSum;
    return Math.max(Math.floor(tokens), 0);
  }

  /** Takes a token for one resend; check {@link has} first. */
  withdraw(nowMs: number): void {
    const at = this.#advance(nowMs);
    this.#resends[at]! += 1;
    this.#resendSum += 1;
  }

  #advance(nowMs: number): number {
    const slice = Math.floor(nowMs / sliceMs);
    if (slice === this.#slice) return slice % slices;
    for (let step = Math.min(slice - this.#slice, slices); step > 0; step -= 1) {
      const expired = (slice - step + 1) % slices;
      this.#requestSum -= this.#requests[expired]!;
      this.#resendSum -= this.#resends[expired]!;
      this.#requests[expired] = 0;
      this.#resends[expired] = 0;
    }
    if (slice > this.#slice) this.#slice = slice;
    return this.#slice % slices;
  }
}
