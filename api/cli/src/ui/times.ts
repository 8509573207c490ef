const STEPS: readonly (readonly [limitMs: number, unitMs: number, name: string])[] = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [60 * 86_400_000, 86_400_000, 'day'],
  [Number.POSITIVE_INFINITY, 30.44 * 86_400_000, 'month'],
];

/** How long ago, in whole units that have passed, or in how long, to the nearest: `just now`, `4 min ago`, `in 3 days`. */
export function relativeTime(iso: string, now = new Date()): string {
  const ms = now.getTime() - Date.parse(iso);
  const size = Math.abs(ms);
  if (size < 1000) return 'just now';
  const [, unitMs, name] = STEPS.find(([limitMs]) => size < limitMs) ?? [0, 1000, 's'];
  // A token of 24 h that was made a second ago ends in 24 h, not in 23.
  const count = ms >= 0 ? Math.floor(size / unitMs) : Math.round(size / unitMs);
  const text = `${count} ${name.length > 3 || name === 'day' ? plural(count, name) : name}`;
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

/** A duration for people: `5 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return joined([Math.floor(seconds / 60), 'min'], [seconds % 60, 's']);
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return joined([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
  const hours = Math.round(minutes / 60);
  return joined([Math.floor(hours / 24), plural(Math.floor(hours / 24), 'day')], [hours % 24, 'h']);
}

/** `1 server`, `2 servers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${plural(count, noun)}`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

function joined([first, unit]: [number, string], [rest, smaller]: [number, string]): string {
  return rest === 0 ? `${first} ${unit}` : `${first} ${unit} ${rest} ${smaller}`;
}
