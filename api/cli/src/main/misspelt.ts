import type { Command } from 'commander';

/** A word further from a command than this, or than a third of its letters, is no slip of the finger. */
const MOST_SLIPS = 2;

/**
 * `servers watch` for `servers wacth`: what was probably meant by a word that a group of commands took for an argument of
 * its default; null where nothing is close.
 */
export function probablyMeant(program: Command, argv: readonly string[]): string | null {
  const start = argv.findIndex((word) => commandNamed(program, word));
  const group = commandNamed(program, argv[start] ?? '');
  const word = argv[start + 1] ?? '';
  if (!group || word === '' || word.startsWith('-') || commandNamed(group, word)) return null;
  const allowed = Math.min(MOST_SLIPS, Math.floor(word.length / 3) + 1);
  const near = group.commands
    .flatMap((command) => [command.name(), ...command.aliases()])
    .map((name) => ({ name, slips: slipsBetween(word, name) }))
    .filter(({ slips }) => slips <= allowed)
    .toSorted((a, b) => a.slips - b.slips);
  return near[0] ? `${argv[start]} ${near[0].name}` : null;
}

function commandNamed(parent: Command, word: string): Command | undefined {
  return parent.commands.find((command) => command.name() === word || command.aliases().includes(word));
}

/** Letters too many, too few, wrong, or two that changed places: the distance of Damerau and Levenshtein. */
export function slipsBetween(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j));
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const changed = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (isSame ? 0 : 1));
      rows[i]![j] = isSwapped ? Math.min(changed, at(i - 2, j - 2) + 1) : changed;
    }
  }
  return at(a.length, b.length);
}
