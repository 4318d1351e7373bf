import type { LabState } from "../laboratory/lab-message.ts";
import { idleBounds, labMethods, probabilityBounds, type LabMethod } from "../settings/bounds.ts";
import { faultChoices, faultNames, type FaultChoice } from "../settings/fault-choice.ts";
import { percentInWords } from "../measure/words.ts";
import type { LabSettings } from "../settings/settings.ts";
import { byId, byIdAs, element } from "./element.ts";

const phases: Readonly<Record<LabState["phase"], string>> = {
  stopped: "Stopped",
  starting: "Starting …",
  running: "Running",
};

/** The form with a run's settings, and the buttons that start and stop it. */
export class Controls {
  readonly #form = byIdAs("controls", HTMLFormElement);
  readonly #fault = byIdAs("fault", HTMLSelectElement);
  readonly #probability = byIdAs("probability", HTMLInputElement);
  readonly #idleMs = byIdAs("idleMs", HTMLInputElement);
  readonly #method = byIdAs("method", HTMLSelectElement);
  readonly #keyed = byIdAs("keyed", HTMLInputElement);
  readonly #start = byIdAs("start", HTMLButtonElement);
  readonly #stop = byIdAs("stop", HTMLButtonElement);
  #phase: LabState["phase"] = "stopped";

  constructor() {
    this.#fault.append(
      ...faultNames.map((name) => element("option", { value: name }, faultChoices[name])),
    );
    this.#method.append(...labMethods.map((name) => element("option", { value: name }, name)));
    // In thousandths: a range of fractions shows rounding errors.
    this.#probability.min = String(probabilityBounds.min * 1_000);
    this.#probability.max = String(probabilityBounds.max * 1_000);
    this.#probability.step = "5";
    this.#idleMs.min = String(idleBounds.min);
    this.#idleMs.max = String(idleBounds.max);
    this.#form.addEventListener("input", () => this.#describe());
    this.#form.addEventListener("change", () => {
      if (this.#phase !== "stopped") void this.#order("/start", this.#settings());
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#order("/start", this.#settings());
    });
    this.#stop.addEventListener("click", () => void this.#order("/stop", {}));
  }

  /** Shows what the server says of the run. */
  show({ phase, settings, note }: LabState): void {
    // The visitor may have moved on to the next settings while a run was starting.
    if (!this.#form.contains(document.activeElement) || this.#phase === "stopped") {
      this.#fault.value = settings.fault;
      this.#probability.value = String(settings.probability * 1_000);
      this.#idleMs.value = String(settings.idleMs);
      this.#method.value = settings.method;
      this.#keyed.checked = settings.keyed;
    }
    this.#phase = phase;
    this.#describe();
    const text = note ?? phases[phase];
    byId("phase").textContent = text;
    // Read aloud: a change of the run only, never its numbers.
    byId("announcer").textContent = text;
    this.#start.textContent = phase === "stopped" ? "Start" : "Start again";
    // Not disabled: a button that has the focus would lose it.
    this.#stop.setAttribute("aria-disabled", String(phase === "stopped"));
  }

  /** Shows that the server cannot be reached. */
  disconnected(): void {
    byId("phase").textContent = "The laboratory cannot be reached";
  }

  #settings(): LabSettings {
    return {
      fault: this.#fault.value as FaultChoice,
      probability: this.#probability.valueAsNumber / 1_000,
      idleMs: this.#idleMs.valueAsNumber,
      method: this.#method.value as LabMethod,
      keyed: this.#keyed.checked,
    };
  }

  #describe(): void {
    const { fault, probability, idleMs } = this.#settings();
    this.#probability.disabled = fault === "none";
    const share = fault === "none" ? "–" : `${percentInWords(probability)} of requests`;
    this.#say(this.#probability, share);
    this.#say(this.#idleMs, `${idleMs} ms`);
  }

  #say(input: HTMLInputElement, text: string): void {
    byId(`${input.id}-text`).textContent = text;
    input.setAttribute("aria-valuetext", text);
  }

  async #order(path: string, body: object): Promise<void> {
    const problem = byId("problem");
    problem.hidden = true;
    try {
      const headers = { "Content-Type": "application/json" };
      const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      if (response.ok) return;
      problem.textContent = await response.text();
    } catch {
      problem.textContent = "The laboratory cannot be reached.";
    }
    problem.hidden = false;
  }
}
