// @ts-check

/**
 * @template Result
 * @typedef {{ name: string, turn: () => Promise<Result> | Result }} Contender
 */

/**
 * Gives every contender one turn a round, the order rotated by one each round and every other time turned round, so that
 * neither a disturbance of the machine nor a place in the order favours anybody, nor whoever comes right before.
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
      const contender = order[(round + place) % order.length];
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
 * @param {readonly { name: string, open: () => Promise<{ turn: () => Promise<Result>, close: () => void }> }[]} entries
 * @param {{ processes: number, rounds: number, warmUp: number }} options - Rounds are those of each process.
 * @returns {Promise<Map<string, Result[]>>}
 */
export async function interleavedAnew(entries, { processes, rounds, warmUp }) {
  const results = new Map(entries.map(({ name }) => [name, /** @type {Result[]} */ ([])]));
  for (let process = 0; process < processes; process += 1) {
    const opened = await Promise.all(entries.map(({ open }) => open()));
    const contenders = entries.map(({ name }, place) => ({ name, turn: opened[place].turn }));
    const latest = await interleaved(contenders, { rounds, warmUp }).finally(() => {
      for (const { close } of opened) close();
    });
    for (const [name, result] of latest) results.get(name)?.push(...result);
  }
  return results;
}
