/** Where the documentation is read. */
const docs = "https://github.com/reissue/reissue/blob/main/docs";

/** The URL of a page of the documentation, such as `errors.md#err_reissue_closed`. */
export function docsLink(page: string): string {
  return `${docs}/${page}`;
}
