import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { printMachine } from './measure.js';
import { printJson, printSections, type Section } from './report.js';

export interface NumberOption {
  fallback: number;
  meaning: string;
}

const RUNS: NumberOption = { fallback: 1, meaning: 'times the whole is done; medians are shown' };

/**
 * One measurement as a program: `--help`, numbers as options, `--runs` of it, its tables or `--json`, and a line on the
 * machine. A measurement without sections has printed its own tables.
 */
export async function runScript<Name extends string>(
  { about, options }: { about: string; options: Record<Name, NumberOption> },
  measure: (values: Record<Name, number>) => Promise<readonly Section[] | void>,
): Promise<void> {
  const all: Record<string, NumberOption> = { ...options, runs: RUNS };
  const names = Object.keys(all);
  const known = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({
    options: { help: { type: 'boolean' }, json: { type: 'boolean' }, ...known } as Record<
      string,
      { type: 'boolean' | 'string' }
    >,
  });
  if (values['help']) return help(about, all);
  const settings = Object.fromEntries(
    Object.entries(all).map(([name, { fallback }]) => [name, positive(name, values[name], fallback)]),
  );
  const [loadAtStart = 0] = loadavg();
  const runs: (readonly Section[])[] = [];
  while (runs.length < (settings['runs'] ?? 1)) runs.push((await measure(settings as Record<Name, number>)) ?? []);
  if (values['json']) return printJson(settings, runs, loadAtStart);
  printSections(runs);
  printMachine(loadAtStart);
}

function help(about: string, options: Readonly<Record<string, NumberOption>>): void {
  const lines = Object.entries(options).map(
    ([name, { fallback, meaning }]) => `  --${name} N  ${meaning} (${fallback})`,
  );
  console.log([about, '', ...lines, '  --json  every value, for programs'].join('\n'));
}

function positive(name: string, text: unknown, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0`);
  return value;
}
