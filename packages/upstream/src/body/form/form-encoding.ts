import type { FormEntries, FormFile } from "./form-entries.ts";

/** Form as multipart/form-data: bytes, and between them files that are read when they are sent. */
export type FormParts = readonly (Uint8Array | FormFile)[];

/** Encodes a form (HTML §4.10.22.7, RFC 7578), byte for byte as fetch does. */
export function encodeForm(entries: FormEntries, boundary: string): FormParts {
  const parts: (Uint8Array | FormFile)[] = [];
  let text = "";
  for (const [name, value] of entries) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(newlines(name))}"`;
    if (typeof value === "string") {
      text += `\r\n\r\n${newlines(value)}\r\n`;
      continue;
    }
    const { name: filename, type } = value;
    // An empty filename is left out, as undici leaves it out.
    if (filename) text += `; filename="${escaped(filename)}"`;
    text += `\r\nContent-Type: ${type || "application/octet-stream"}\r\n\r\n`;
    parts.push(Buffer.from(text), value);
    text = "\r\n";
  }
  parts.push(Buffer.from(`${text}--${boundary}--\r\n`));
  return parts;
}

/** Length of an encoded form, in bytes; null when the size of a file is unknown. */
export function formLength(parts: FormParts): number | null {
  let length = 0;
  for (const part of parts) {
    const size = part instanceof Uint8Array ? part.byteLength : part.size;
    if (typeof size !== "number") return null;
    length += size;
  }
  return length;
}

function newlines(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

function escaped(text: string): string {
  return text.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}
