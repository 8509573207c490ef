/** Values of an option that may be repeated or hold several with commas: `--tag a --tag b,c`. */
export function listed(text: string, before: readonly string[] = []): string[] {
  const values = text.split(',').map((value) => value.trim());
  return [...before, ...values.filter((value) => value !== '')];
}

/** Values of an option that may be repeated, commas kept. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
