import type { Numbers } from '@pilothouse/agent/testing';

/** The same numbers for the same seed (mulberry32). */
export function numbersFrom(seed: number): Numbers {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Fisher and Yates's way. */
export function shuffled<T>(list: readonly T[], next: Numbers): T[] {
  const deck = [...list];
  for (let last = deck.length - 1; last > 0; last -= 1) {
    const other = next(last + 1);
    [deck[last], deck[other]] = [deck[other] as T, deck[last] as T];
  }
  return deck;
}
