import { expect, it } from 'vitest';
import { probablyMeant, slipsBetween } from './misspelt.js';
import { buildProgram } from './program.js';

const program = buildProgram(() => async () => {});

it.each([
  [['servers', 'wacth'], 'servers watch'],
  [['--json', 'server', 'ad', 'web-1'], 'server add'],
  [['runs', 'lsit'], 'runs list'],
  [['metrics', 'tpo'], 'metrics top'],
])('tells what %j probably meant', (argv, meant) => expect(probablyMeant(program, argv)).toBe(meant));

it.each([[['servers', 'watch']], [['metrics', 'web-1']], [['servers', '--tag', 'web']], [['run', 'web-1']], [[]]])(
  'finds nothing in %j',
  (argv) => expect(probablyMeant(program, argv)).toBeNull(),
);

it('counts swapped letters as one slip', () => {
  expect(slipsBetween('wacth', 'watch')).toBe(1);
  expect(slipsBetween('kitten', 'sitting')).toBe(3);
});
