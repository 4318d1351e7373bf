import type { Projection } from "./projection.ts";
import { durationInWords, inWords, percentInWords } from "./words.ts";

/** Share of failures from which alerts commonly fire; the error budget of a service that promises 99.9 %. */
const alertShare = 0.001;

/** Says in plain words what a projection means for the people who run the service. */
export function trafficSentence(projection: Projection, requestsPerSecond: number): string {
  const { share, errorsPerDay, secondsBetween, quietHours, isBound } = projection;
  const rate = `At ${inWords(requestsPerSecond)} requests a second`;
  if (isBound)
    return `${rate} fetch would lose fewer than ${inWords(errorsPerDay)} a day: in this run it lost none.`;
  const errors = `${rate} fetch loses ${inWords(errorsPerDay)} requests a day, one every ${durationInWords(secondsBetween)}.`;
  const alarm =
    share < alertShare
      ? `That is ${percentInWords(share)} of the requests, at any traffic: an alert at ${percentInWords(alertShare)} never fires.`
      : `That is ${percentInWords(share)} of the requests: an alert at ${percentInWords(alertShare)} fires.`;
  return `${errors} ${alarm} ${whoNotices(quietHours, errorsPerDay)}`;
}

function whoNotices(quietHours: number, errorsPerDay: number): string {
  if (quietHours >= 0.2) {
    const hours = percentInWords(quietHours);
    return `${hours} of all hours pass without one, and a reload helps: nobody notices.`;
  }
  const perMinute = errorsPerDay / 1_440;
  if (perMinute < 1)
    return "Every hour has some: they are a line in each day's log, and a ticket now and then.";
  return `That is ${inWords(perMinute)} a minute: a spike of 5xx in every dashboard, and somebody is paged.`;
}
