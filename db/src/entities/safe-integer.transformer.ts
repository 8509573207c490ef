import type { ValueTransformer } from 'typeorm';

/**
 * Reads a `bigint` column, which the driver gives as text, as a number.
 *
 * @throws RangeError beyond 2^53 - 1, where a number would silently be another one
 */
export const safeInteger: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string | null | undefined) => (value === null || value === undefined ? value : toSafeInteger(value)),
};

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is not a safe integer`);
  return value;
}
