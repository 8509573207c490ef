import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Beside the programs, because the dashboard is told of no other place. */
const directory = dirname(process.argv[1] ?? '');

/** The environment as it was given, before Node took its own variables out. */
export const variables = Object.fromEntries(
  readFileSync('/proc/self/environ', 'utf8')
    .split('\0')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
    .filter(([name]) => name !== ''),
);

export function note(event: string): void {
  appendFileSync(join(directory, 'events'), `${event}\n`);
}

/** Writes down how this process was started, for the test to read. */
export function keepStart(name: string): void {
  const { pid, argv } = process;
  writeFileSync(join(directory, `${name}.json`), JSON.stringify({ pid, arguments: argv.slice(2), variables }));
}
