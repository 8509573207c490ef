/** Thrown when a newer connection has taken over: nothing of the publish was kept. */
export class Superseded extends Error {}
