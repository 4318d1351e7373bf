/** Whether a value is FormData, of any implementation. The package form-data uses the name too, but is a stream. */
export function isFormData(value: unknown): value is Iterable<[string, unknown]> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === "FormData" &&
    Symbol.iterator in value
  );
}
