// @ts-check
// Serves a laboratory, and prints its URL: a process that a test ends by force.
import { runLab } from "@reissue/lab";

const lab = await runLab();
console.log(lab.url);
