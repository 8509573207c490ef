import { safeLine } from './safe-text.js';
import type { Paint, Tone } from './style.js';

export type Cell = string | { text: string; tone: Tone };

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

export interface TableOptions {
  paint: Paint;
  /** Columns of the terminal; null where nothing is cut, as in a file. */
  width: number | null;
}

const GAP = '  ';

/** Aligned columns. The last one is cut where the terminal ends; cells are made safe to show. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: TableOptions): string {
  const texts = rows.map((row) => row.map((cell) => safeLine(typeof cell === 'string' ? cell : cell.text)));
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...texts.map((row) => displayWidth(row[index] ?? ''))),
  );
  const lastWidth = widthOfLast(widths, options.width);
  const last = columns.length - 1;
  const fit = (text: string, index: number) => {
    const shown = index === last && lastWidth !== null ? cut(text, lastWidth) : text;
    const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(shown)));
    if (columns[index]?.align === 'right') return padding + shown;
    return index === last ? shown : shown + padding;
  };
  const heading = columns.map(({ title }, index) => options.paint(fit(title, index), 'idle')).join(GAP);
  const lines = texts.map((row, rowIndex) =>
    row.map((text, index) => paintCell(fit(text, index), rows[rowIndex]?.[index], options.paint)).join(GAP),
  );
  return [heading, ...lines].map((line) => `${line.trimEnd()}\n`).join('');
}

/** Cells of one line, without alignment. */
export function line(cells: readonly Cell[], paint: Paint): string {
  const shown = cells.filter((cell) => textOf(cell) !== '');
  return `${shown.map((cell) => paintCell(safeLine(textOf(cell)), cell, paint)).join(GAP)}\n`;
}

/** Labels and values, one a line; what has no value is left out. */
export function facts(entries: readonly (readonly [string, Cell | null | undefined])[], paint: Paint): string {
  const shown = entries.filter(
    (entry): entry is readonly [string, Cell] => entry[1] != null && textOf(entry[1]) !== '',
  );
  const width = Math.max(0, ...shown.map(([label]) => displayWidth(label)));
  return shown
    .map(([label, cell]) => {
      const value = paintCell(safeLine(textOf(cell)), cell, paint);
      return `${paint(label.padEnd(width), 'idle')}${GAP}${value}\n`;
    })
    .join('');
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function paintCell(text: string, cell: Cell | undefined, paint: Paint): string {
  return typeof cell === 'object' ? paint(text, cell.tone) : text;
}

function widthOfLast(widths: readonly number[], terminalWidth: number | null): number | null {
  if (terminalWidth === null) return null;
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const MIN_LAST_WIDTH = 12;
  return Math.max(MIN_LAST_WIDTH, terminalWidth - before);
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let shown = '';
  for (const character of text) {
    if (displayWidth(shown + character) > width - 1) break;
    shown += character;
  }
  return `${shown}…`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const COMBINING = /\p{Mn}/u;

/** How many columns of a terminal a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
