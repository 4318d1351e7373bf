// @ts-check

/** Whether the run only has to show that the bench works. */
export const quick = process.argv.includes("--quick");
