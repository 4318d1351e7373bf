import type { Failure } from "@reissue/core";

/** Program or library whose words were recognised. */
export type Speaker = "client" | "reissue" | "nginx" | "haproxy" | "envoy" | "status";

/** What an input turned out to be about. */
export interface Subject {
  readonly speaker: Speaker;
  /** The error in one line, as it was given. */
  readonly title: string;
  /** Null where the words are about something else than a transport failure. */
  readonly failure: Failure | null;
  /** Status of a response, where that is what failed. */
  readonly status?: number;
  /** Meaning of the words in one sentence, where it is more than the failure says. */
  readonly meaning?: string;
  /** What only a person can check. */
  readonly doubt?: string;
  /** Further page that says more, as an absolute URL. */
  readonly link?: string;
}
