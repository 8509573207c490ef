export type Tone = 'ok' | 'warn' | 'bad' | 'idle' | 'strong';

const CODES: Record<Tone, readonly [number, number]> = {
  ok: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  idle: [2, 22],
  strong: [1, 22],
};

/** Paints text for a terminal, or leaves it as it is. */
export type Paint = (text: string, tone: Tone) => string;

export function painter(isColoured: boolean): Paint {
  if (!isColoured) return (text) => text;
  return (text, tone) => `\u001b[${CODES[tone][0]}m${text}\u001b[${CODES[tone][1]}m`;
}
