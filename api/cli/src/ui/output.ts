import { writeAll } from './write-all.js';
import { shortIds } from './short-ids.js';
import { painter, type Paint } from './style.js';
import { facts, line, table, type Cell, type Column } from './table.js';

/** Columns beside which an id of 36 leaves room for the rest. */
const WIDE_ENOUGH_FOR_IDS = 120;

export interface OutputOptions {
  json: boolean;
  noColour: boolean;
}

/** What this program says: answers on stdout, as text or JSON; everything else on stderr. */
export class Output {
  readonly paint: Paint;
  readonly paintError: Paint;
  readonly json: boolean;

  constructor({ json, noColour }: OutputOptions) {
    this.json = json;
    this.paint = painter(process.stdout.isTTY && !noColour);
    this.paintError = painter(process.stderr.isTTY && !noColour);
  }

  /** Columns of the terminal; null where stdout is none. */
  get width(): number | null {
    return process.stdout.isTTY ? process.stdout.columns : null;
  }

  /** The one answer of an invocation: a JSON document with `--json`, otherwise text. */
  async answer(document: unknown, text: () => string): Promise<void> {
    await writeAll(process.stdout, this.json ? `${JSON.stringify(document, null, 2)}\n` : text());
  }

  /** One of several answers as they come: a line of JSON with `--json`, otherwise text. */
  async event(document: unknown, text: () => string): Promise<void> {
    await writeAll(process.stdout, this.json ? `${JSON.stringify(document)}\n` : text());
  }

  /** Something worth saying beside the answer. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** How ids are written in a table: whole, but on a terminal that has no room for them. */
  ids(ids: readonly string[]): (id: string) => string {
    return this.width !== null && this.width < WIDE_ENOUGH_FOR_IDS ? shortIds(ids) : (id) => id;
  }

  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
    return table(columns, rows, { paint: this.paint, width: this.width });
  }

  /** Cells side by side on one line. */
  line(cells: readonly Cell[]): string {
    return line(cells, this.paint);
  }

  facts(entries: readonly (readonly [string, Cell | null | undefined])[]): string {
    return facts(entries, this.paint);
  }
}
