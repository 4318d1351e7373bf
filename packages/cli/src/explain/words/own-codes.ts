import errorsPage from "../../../../../docs/errors.md?raw";

import { docsLink } from "../../links.ts";

/** A code of Reissue's own, as the page of errors describes it. */
export interface OwnCode {
  readonly code: string;
  /** The first paragraph of its section, without Markdown. */
  readonly meaning: string;
  readonly link: string;
}

/** Finds a code of Reissue's own in a text; null for none that the page has. */
export function ownCode(text: string): OwnCode | null {
  const code = /\bERR_REISSUE_[A-Z_]+\b/.exec(text)?.[0];
  if (code === undefined) return null;
  const section = new RegExp(`^## ${code}\n\n(.*?)(?=\n\n|\n*$(?![^]))`, "ms").exec(
    errorsPage,
  )?.[1];
  if (section === undefined) return null;
  return { code, meaning: plain(section), link: docsLink(`errors.md#${code.toLowerCase()}`) };
}

/** All codes that the page describes. */
export const ownCodes: readonly string[] = [...errorsPage.matchAll(/^## (ERR_REISSUE_\w+)$/gm)].map(
  ([, code = ""]) => code,
);

function plain(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("**", "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
