/**
 * Codes of the warnings about misuse, by the name of their check. Codes are stable; docs/troubleshooting.md has an anchor
 * for each.
 */
export const misuseCodes = {
  asyncHandler: "WARN_REISSUE_ASYNC_HANDLER",
  bodyParsed: "WARN_REISSUE_BODY_PARSED",
  callOption: "WARN_REISSUE_CALL_OPTION",
  errorsBeforeRoutes: "WARN_REISSUE_ERRORS_BEFORE_ROUTES",
  errorsNotMounted: "WARN_REISSUE_ERRORS_NOT_MOUNTED",
  gateAfterRoutes: "WARN_REISSUE_GATE_AFTER_ROUTES",
  gateTwice: "WARN_REISSUE_GATE_TWICE",
  unreadBody: "WARN_REISSUE_UNREAD_BODY",
} as const;

/** Name of a check for misuse, as the option `validate` takes it. */
export type MisuseCheck = keyof typeof misuseCodes;

/** Value of the option `validate`: all checks, none, or all but those that are `false`. */
export type ValidateOption = boolean | { readonly [Check in MisuseCheck]?: boolean | undefined };

/** All checks, in the order of their names. */
export const misuseChecks: readonly MisuseCheck[] = Object.keys(misuseCodes) as MisuseCheck[];
