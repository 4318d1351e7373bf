import { contenders, type Contender } from "../contender/contenders.ts";
import type { Measure, Sample } from "../measure/measure.ts";
import { project } from "../measure/projection.ts";
import { trafficAt, trafficSteps } from "../measure/traffic.ts";
import { trafficSentence } from "../measure/traffic-sentence.ts";
import { durationInWords, inWords, percentInWords } from "../measure/words.ts";
import { byId, byIdAs, element } from "./element.ts";

/** What the measured losses would mean for a service with the traffic that the visitor chooses. */
export class TrafficView {
  readonly #slider = byIdAs("traffic", HTMLInputElement);
  readonly #exposure = byIdAs("exposure", HTMLSelectElement);
  #sample: Sample | null = null;

  constructor() {
    this.#slider.max = String(trafficSteps);
    this.#slider.addEventListener("input", () => this.#update());
    this.#exposure.addEventListener("change", () => this.#update());
    this.#update();
  }

  /** @param sample - The latest; null before the first of a run. */
  show(sample: Sample | null): void {
    this.#sample = sample;
    this.#update();
  }

  #update(): void {
    const rate = trafficAt(this.#slider.valueAsNumber);
    const text = `${inWords(rate)} requests a second`;
    byId("traffic-text").textContent = text;
    this.#slider.setAttribute("aria-valuetext", text);
    const sample = this.#sample;
    if (sample === null || sample.of.fetch.calls === 0) return;
    const { calls, failed } = sample.of.fetch;
    const share = percentInWords(failed / calls);
    byId("traffic-basis").textContent =
      `Here every call comes after a pause of about the idle timeout, and fetch lost ${share} of ` +
      `${inWords(calls)}. In a service few requests come after such a pause; how many is yours to say.`;
    const exposure = Number(this.#exposure.value);
    byId("traffic-figures").replaceChildren(
      ...contenders.map((contender) => figure(contender, sample.of[contender.id], rate, exposure)),
    );
    const projection = project(sample.of.fetch, rate, exposure);
    byId("traffic-sentence").textContent = trafficSentence(projection, rate);
  }
}

function figure({ id, name }: Contender, measure: Measure, rate: number, exposure: number): Node {
  const group = element("div", { class: `of-${id}` }, element("dt", {}, name));
  if (measure.calls === 0) return group;
  const { errorsPerDay, secondsBetween, isBound } = project(measure, rate, exposure);
  const big = isBound ? `< ${inWords(errorsPerDay)}` : inWords(errorsPerDay);
  const between = durationInWords(secondsBetween);
  const small = isBound
    ? `errors a day at 95 % confidence: none was seen`
    : `errors a day: one every ${between}`;
  group.append(element("dd", { class: "big" }, big), element("dd", {}, small));
  return group;
}
