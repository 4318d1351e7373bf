/** What Node says of a connection that ended before the response; made for the classifier, Node makes its own. */
export function hangUp(): Error {
  return Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}

/** An error of one's own for each request that is refused: clients write on what they are given. */
export function copyOf(error: Error): Error {
  const own = Object.getOwnPropertyDescriptors(error);
  return Object.defineProperties(new Error(error.message), {
    ...own,
    cause: { value: error, writable: true, configurable: true },
  });
}
