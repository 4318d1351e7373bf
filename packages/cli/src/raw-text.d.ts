/** A file's text, which the bundle holds; Vite reads it the same way. */
declare module "*?raw" {
  const text: string;
  export default text;
}
