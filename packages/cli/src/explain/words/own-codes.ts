import errorsPage from "../../../../../docs/errors.md?raw";
import troubleshootingPage from "../../../../../docs/troubleshooting.md?raw";

import { docsLink } from "../../links.ts";

/** A code of Reissue's own, as the page of errors or that of warnings describes it. */
export interface OwnCode {
  readonly code: string;
  /** The first paragraph of its section, without Markdown. */
  readonly meaning: string;
  readonly link: string;
}

/** Finds a code of Reissue's own in a text, of an error or a warning; null for none that the pages have. */
export function ownCode(text: string): OwnCode | null {
  const code = /\b(?:ERR|WARN)_REISSUE_[A-Z_]+\b/.exec(text)?.[0];
  if (code === undefined) return null;
  const [page, name] = code.startsWith("WARN")
    ? [troubleshootingPage, "troubleshooting.md"]
    : [errorsPage, "errors.md"];
  const section = new RegExp(`^###? ${code}\n\n(.*?)(?=\n\n|\n*$(?![^]))`, "ms").exec(page)?.[1];
  if (section === undefined) return null;
  return { code, meaning: plain(section), link: docsLink(`${name}#${code.toLowerCase()}`) };
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
