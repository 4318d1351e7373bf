import type { LabMessage, LabState } from "../laboratory/lab-message.ts";
import { Charts } from "./charts.ts";
import { Controls } from "./controls.ts";
import { DecisionView } from "./decision-view.ts";
import { NowTable } from "./now-table.ts";
import { RaceView } from "./race-view.ts";
import { TrafficView } from "./traffic-view.ts";

// The entry of the page: what the server tells, passed to what shows it.

const controls = new Controls();
const now = new NowTable();
const charts = new Charts();
const races = new RaceView();
const traffic = new TrafficView();
const decisions = new DecisionView();
let settings: LabState["settings"] | null = null;

function onState(state: LabState): void {
  ({ settings } = state);
  controls.show(state);
  if (state.phase !== "starting") return;
  charts.reset([]);
  races.reset([]);
  decisions.clear();
}

function onMessage(message: LabMessage): void {
  switch (message.type) {
    case "hello": {
      const last = message.samples.at(-1);
      onState(message.state);
      charts.reset(message.samples);
      races.reset(message.races);
      decisions.reset(message.table, message.decisions);
      if (last !== undefined) now.show(last, message.state.settings);
      return traffic.show(last ?? null);
    }
    case "state":
      return onState(message.state);
    case "sample":
      charts.add(message.sample);
      if (settings !== null) now.show(message.sample, settings);
      return traffic.show(message.sample);
    case "race":
      return races.add(message.race);
    case "decision":
      return decisions.light(message.decision);
  }
}

const events = new EventSource("/events");
events.addEventListener("message", (event: MessageEvent<string>) => {
  onMessage(JSON.parse(event.data) as LabMessage);
});
events.addEventListener("error", () => controls.disconnected());
