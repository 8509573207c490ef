import { cpus, loadavg } from 'node:os';
import { median, printTable } from './measure.js';

/** One measured number, beside what it is judged by. */
export interface Figure {
  name: string;
  value: number;
  /** Digits behind the point when it is printed; none unless told otherwise. */
  digits?: number;
  limit?: string | number;
  peer?: string;
}

/** Figures that belong in one table. */
export interface Section {
  title: string;
  figures: readonly Figure[];
}

/** A figure over all runs of a script. */
interface Summary extends Omit<Figure, 'value'> {
  section: string;
  values: number[];
}

/** Prints the sections of several runs of the same script as one: medians, with the range where there is one. */
export function printSections(runs: readonly (readonly Section[])[]): void {
  const summaries = summarise(runs);
  const columns = [
    { head: runs.length > 1 ? `median of ${runs.length}` : 'figure', cell: middle },
    { head: 'range', cell: range, when: runs.length > 1 },
    { head: 'limit', cell: ({ limit = '' }: Summary) => String(limit), when: summaries.some(({ limit }) => limit) },
    { head: 'peer', cell: ({ peer = '' }: Summary) => peer, when: summaries.some(({ peer }) => peer) },
  ].filter(({ when = true }) => when);
  for (const title of new Set(summaries.map(({ section }) => section))) {
    console.log('');
    printTable(
      [title, ...columns.map(({ head }) => head)],
      summaries
        .filter(({ section }) => section === title)
        .map((summary) => [summary.name, ...columns.map(({ cell }) => cell(summary))]),
    );
  }
}

/** The same for programs: every value, and the machine it came from. */
export function printJson(
  settings: Readonly<Record<string, number>>,
  runs: readonly (readonly Section[])[],
  loadAtStart: number,
): void {
  const machine = { node: process.versions.node, cores: cpus().length, load: [loadAtStart, loadavg()[0]] };
  const figures = summarise(runs).map((summary) => ({ ...summary, median: median(summary.values) }));
  console.log(JSON.stringify({ script: process.argv[1], settings, machine, figures }, null, 2));
}

function summarise(runs: readonly (readonly Section[])[]): Summary[] {
  const found = new Map<string, Summary>();
  for (const { title, figures } of runs.flat()) {
    for (const { value, ...about } of figures) {
      const key = `${title}\n${about.name}`;
      const summary = found.get(key) ?? { ...about, section: title, values: [] };
      summary.values.push(value);
      found.set(key, summary);
    }
  }
  return [...found.values()];
}

const middle = (summary: Summary): string => print(median(summary.values), summary);

function range(summary: Summary): string {
  return `${print(Math.min(...summary.values), summary)} to ${print(Math.max(...summary.values), summary)}`;
}

function print(value: number, { digits = 0 }: Pick<Figure, 'digits'>): string {
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
