import * as undici from "undici";

/** Major version of the undici that this run is on: 8 under REISSUE_UNDICI=8. */
export const undiciMajor: 7 | 8 = "Dispatcher1Wrapper" in undici ? 8 : 7;
