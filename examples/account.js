// @ts-check

/**
 * The account that a request comes from. Yours verifies the token; the account is the same in every token that renews it,
 * so that a retry with a new one has the same key. Callers who are not known have no key in common: they get a 401.
 *
 * @param {{ headers: import("node:http").IncomingHttpHeaders }} request
 * @returns {string}
 */
export function accountOf({ headers }) {
  const account = /^Bearer (\w+)\./.exec(headers.authorization ?? "")?.[1];
  if (account !== undefined) return account;
  throw Object.assign(new Error("Unauthorized"), { status: 401, statusCode: 401 });
}
