import { afterEach } from "vitest";

/** Warnings about misuse that this test has not taken. */
const untaken: (Error & { readonly code?: string })[] = [];

process.on("warning", (warning) => {
  if (warning.name === "ReissueWarning") untaken.push(warning);
});

// Every test uses Reissue as the docs say, but for those of the warnings.
afterEach(async () => {
  await emitted();
  const [first] = untaken.splice(0);
  if (first !== undefined) throw first;
});

/** Takes the warnings about misuse that this test has caused so far. */
export async function misuseWarnings(): Promise<{ code: string; message: string }[]> {
  await emitted();
  return untaken.splice(0).map(({ code = "", message }) => ({ code, message }));
}

/** Node emits a warning one tick later. */
function emitted(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
