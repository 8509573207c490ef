const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** A line of bars from `floor` to the highest value; a space where there is none. */
export function sparkline(
  values: readonly (number | null)[],
  { floor, ceiling }: { floor: number; ceiling?: number },
): string {
  const top = ceiling ?? Math.max(floor, ...values.filter((value) => value !== null));
  return values
    .map((value) => {
      if (value === null) return ' ';
      const share = top > floor ? (value - floor) / (top - floor) : 0;
      return BARS[Math.max(0, Math.min(BARS.length - 1, Math.floor(share * BARS.length)))];
    })
    .join('');
}
