import { usageError } from '../kernel/cli-error.js';

/** One word of several, whatever its case; `full-access` stands for FULL_ACCESS. @throws CliError */
export function choice<Value extends string>(what: string, values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const wanted = text.toUpperCase().replaceAll('-', '_');
    const found = values.find((value) => value.toUpperCase() === wanted);
    if (found === undefined) throw usageError(`${what} is one of ${values.map(word).join(', ')}, not ${text}.`);
    return found;
  };
}

/** An enum value as people write it: `full-access`. */
export function word(value: string): string {
  return value.toLowerCase().replaceAll('_', '-');
}
