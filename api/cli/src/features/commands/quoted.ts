const PLAIN = /^[\w@%+=:,./-]+$/;

/** Arguments as a shell would take them, to show and to copy. */
export function quoted(argv: readonly string[]): string {
  return argv
    .map((argument) => (PLAIN.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}
