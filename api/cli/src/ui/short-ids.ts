/** As many as hold the time to the millisecond. */
const SHORTEST = 13;

/** Writes ids with as few characters as tell them apart; such a beginning is taken wherever an id is. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  const distinct = new Set(ids);
  let length = SHORTEST;
  while (length < 36 && new Set([...distinct].map((id) => id.slice(0, length))).size < distinct.size) length += 1;
  return (id) => id.slice(0, length);
}
