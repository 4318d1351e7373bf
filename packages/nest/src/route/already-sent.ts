/** Thrown by a guard whose request needs no response any more: filters do not see it. */
export class AlreadySent extends Error {}
