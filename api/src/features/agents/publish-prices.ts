/**
 * What an agent's frames cost of its share, in milliseconds; PROTOCOL.md, "An agent's share", says how far that is above
 * what an honest agent sends.
 */
export const PRICES_MS = {
  /** Reading and parsing it, whatever it is: a MiB of small values takes up to 60 ms. */
  receivedKib: 0.06,
  publish: 2,
  frame: 2,
  /** A sample, or a part of one. */
  row: 1,
  outputKib: 0.5,
  /** A report that the next one of the same publish makes void. */
  voidReport: 80,
  /** An honest agent sends next to none of these. */
  refusedFrame: 200,
} as const;
