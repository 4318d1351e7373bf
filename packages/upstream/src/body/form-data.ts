import { FormData } from "undici";

/**
 * Node's FormData as undici's own.
 *
 * The two are different classes, and undici encodes only its own: it would send Node's as "[object FormData]".
 */
export function ownFormData(form: Iterable<[string, unknown]>): FormData {
  if (form instanceof FormData) return form;
  const own = new FormData();
  for (const [name, value] of form) own.append(name, value);
  return own;
}

/** Whether a value is FormData, of whichever class; the package form-data has the name too, but is a stream. */
export function isFormData(value: unknown): value is Iterable<[string, unknown]> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === "FormData" &&
    Symbol.iterator in value
  );
}
