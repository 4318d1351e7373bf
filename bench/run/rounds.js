// @ts-check

/**
 * @template Result
 * @typedef {{ name: string, turn: () => Promise<Result> | Result }} Contender
 */

/**
 * Gives every contender one turn a round, in an order that is turned round every other time and rotated after that, so
 * that neither a disturbance of the machine, nor a place in the order, nor the contender right before favours one: in
 * twice as many rounds as there are contenders each is in each place twice.
 *
 * @template Result
 * @param {readonly Contender<Result>[]} contenders
 * @param {{ rounds: number, warmUp: number }} options - Warm-up rounds come first and are thrown away.
 * @returns {Promise<Map<string, Result[]>>} Of each contender the results, in the order of rounds.
 */
export async function interleaved(contenders, { rounds, warmUp }) {
  const results = new Map(contenders.map(({ name }) => [name, /** @type {Result[]} */ ([])]));
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (let place = 0; place < order.length; place += 1) {
      const contender = order[(Math.floor(round / 2) + place) % order.length];
      const result = await contender.turn();
      if (round >= warmUp) results.get(contender.name)?.push(result);
    }
    process.stderr.write(round < warmUp ? "w" : ".");
  }
  process.stderr.write("\n");
  return results;
}

/**
 * As {@link interleaved}, several times over with contenders opened anew: V8 settles a process once, for better or worse,
 * and two processes of the same program differ by as much as most of what is compared here.
 *
 * @template Result
 * @param {(time: number) => Promise<{ contenders: readonly Contender<Result>[], close: () => void }[]>} open - Starts
 * them, in one process or several; told how often that has been done.
 * @param {{ times: number, rounds: number, warmUp: number }} options - Rounds are those of each time.
 * @returns {Promise<Map<string, Result[]>>}
 */
export async function interleavedAnew(open, { times, rounds, warmUp }) {
  /** @type {Map<string, Result[]>} */
  const results = new Map();
  for (let time = 0; time < times; time += 1) {
    const opened = await open(time);
    const contenders = opened.flatMap((together) => together.contenders);
    const latest = await interleaved(contenders, { rounds, warmUp }).finally(() => {
      for (const { close } of opened) close();
    });
    for (const [name, ofName] of latest)
      results.set(name, [...(results.get(name) ?? []), ...ofName]);
  }
  return results;
}
