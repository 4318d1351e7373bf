import { contenders, type ContenderId } from "../contender/contenders.ts";
import type { RaceTimeline } from "../race/timeline.ts";
import { byId, byIdAs, element } from "./element.ts";
import { swatch } from "./line-style.ts";
import { raceDrawing } from "./race-drawing.ts";

const times = ["never", "once", "twice"];

/** One race of the chosen contender. It stays until the visitor asks for the latest: nobody can read what changes. */
export class RaceView {
  readonly #latest = new Map<ContenderId, RaceTimeline>();
  readonly #shown = new Map<ContenderId, RaceTimeline>();
  readonly #next = byIdAs("race-next", HTMLButtonElement);
  #of: ContenderId = "reissue";

  constructor() {
    for (const { id, name } of contenders) {
      const input = element("input", { type: "radio", name: "race-of", value: id });
      input.checked = id === this.#of;
      input.addEventListener("change", () => {
        this.#of = id;
        this.#show();
      });
      byId("race-of").append(element("label", { class: "choice" }, input, swatch(id), name));
    }
    this.#next.addEventListener("click", () => {
      const race = this.#latest.get(this.#of);
      if (race !== undefined) this.#shown.set(this.#of, race);
      this.#show();
    });
    new ResizeObserver(() => this.#draw()).observe(byId("race-drawing"));
  }

  /** Replaces everything that is known. */
  reset(races: readonly RaceTimeline[]): void {
    this.#latest.clear();
    this.#shown.clear();
    for (const race of races) this.add(race);
    this.#show();
  }

  add(race: RaceTimeline): void {
    const { contender } = race;
    this.#latest.set(contender, race);
    if (!this.#shown.has(contender)) this.#shown.set(contender, race);
    if (contender !== this.#of) return;
    if (this.#shown.get(contender) === race) this.#show();
    else this.#next.disabled = false;
  }

  #show(): void {
    const race = this.#shown.get(this.#of);
    byId("race").hidden = race === undefined;
    byId("race-none").hidden = race !== undefined;
    this.#next.disabled = race === this.#latest.get(this.#of);
    if (race === undefined) return;
    byId("race-caption").textContent = caption(race);
    byId("race-steps").replaceChildren(
      ...race.steps.map(({ fromMs, text, socket }) => {
        const place = socket === null || race.sockets.length === 1 ? "" : ` (socket ${socket + 1})`;
        const sign = fromMs > 0 ? "+" : fromMs < 0 ? "−" : "";
        const time = element("time", {}, `${sign}${Math.abs(fromMs).toFixed(2)} ms`);
        return element("li", {}, time, element("span", {}, `${text}${place}`));
      }),
    );
    this.#draw();
  }

  #draw(): void {
    const race = this.#shown.get(this.#of);
    const place = byId("race-drawing");
    const width = Math.max(place.clientWidth, 240);
    const drawn = place.firstElementChild;
    if (race === undefined || place.clientWidth === 0) return;
    if (drawn?.getAttribute("width") === String(width) && place.dataset["race"] === key(race))
      return;
    place.dataset["race"] = key(race);
    place.replaceChildren(raceDrawing(race, width));
  }
}

function key({ contender, sockets }: RaceTimeline): string {
  return [contender, ...sockets.map(({ port }) => port)].join(" ");
}

function caption({ contender, method, keyed, processed, isLost, sockets }: RaceTimeline): string {
  const name = contenders.find(({ id }) => id === contender)?.name;
  const call = `${method}${keyed ? " with an Idempotency-Key" : ""}`;
  const sends = sockets.length === 1 ? "sent once" : `sent ${sockets.length} times`;
  const done = times[processed] ?? `${processed} times`;
  const end = isLost ? "the caller got an error" : "the caller got its response";
  return `${name}: a ${call}, ${sends}, processed ${done}; ${end}.`;
}
