import { contenders, type Contender } from "../contender/contenders.ts";
import type { LabSettings } from "../settings/settings.ts";
import type { Measure, Sample } from "./measure.ts";
import { inWords, percentInWords } from "./words.ts";

/** Whether a second processing does harm: a POST is done twice, a GET or PUT has the same effect again. */
export function isHarmedByRepeats({ method }: Pick<LabSettings, "method">): boolean {
  return method === "POST";
}

/** Says in a sentence for each client what happened to it. */
export function summary({ of }: Sample, settings: LabSettings): string {
  return contenders.map((contender) => sentence(contender, of[contender.id], settings)).join(" ");
}

function sentence({ name }: Contender, measure: Measure, settings: LabSettings): string {
  const { calls, failed, twice, resends, p99Ms } = measure;
  if (calls === 0) return "";
  const lost =
    failed === 0
      ? `${name} lost none of ${inWords(calls)} calls`
      : `${name} lost ${inWords(failed)} of ${inWords(calls)} calls (${percentInWords(failed / calls)})`;
  const again = resends === 0 ? "" : `, sent ${inWords(resends)} again`;
  const harm =
    twice > 0 && isHarmedByRepeats(settings) ? `, and had ${inWords(twice)} done twice` : "";
  // Faster than a person notices, and than any back-off.
  const slow =
    p99Ms !== null && p99Ms >= 300 ? `; one call in 100 took ${inWords(p99Ms)} ms or more` : "";
  return `${lost}${again}${harm}${slow}.`;
}
