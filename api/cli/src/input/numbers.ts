import { usageError } from '../kernel/cli-error.js';

/** A whole number between two others, as the value of an option. @throws CliError */
export function wholeNumber(name: string, { min, max }: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw usageError(`${name} is a whole number from ${min} to ${max}, not ${text}.`);
    }
    return value;
  };
}
