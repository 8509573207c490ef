import { parseArgs } from 'node:util';
import { printMachine } from './measure.js';

export interface NumberOption {
  fallback: number;
  meaning: string;
}

/** One measurement as a program: `--help`, numbers as options, its tables, and a line on the machine. */
export async function runScript<Name extends string>(
  { about, options }: { about: string; options: Record<Name, NumberOption> },
  main: (values: Record<Name, number>) => Promise<void>,
): Promise<void> {
  const names = Object.keys(options) as Name[];
  const known = { help: { type: 'boolean' }, ...Object.fromEntries(names.map((name) => [name, { type: 'string' }])) };
  const { values } = parseArgs({ options: known as Record<string, { type: 'boolean' | 'string' }> });
  if (values['help']) {
    const lines = names.map((name) => `  --${name} N  ${options[name].meaning} (${options[name].fallback})`);
    console.log([about, '', ...lines].join('\n'));
    return;
  }
  const given = names.map((name) => [name, positive(name, values[name], options[name].fallback)] as const);
  await main(Object.fromEntries(given) as Record<Name, number>);
  printMachine();
}

function positive(name: string, text: unknown, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0`);
  return value;
}
