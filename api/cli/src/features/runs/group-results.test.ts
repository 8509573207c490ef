import { expect, it } from 'vitest';
import { groupResults, type RunResult } from './group-results.js';

function result(serverName: string, change: Partial<RunResult> & { wrote?: string } = {}): RunResult {
  const { wrote = '', ...rest } = change;
  return {
    commandId: serverName,
    serverId: serverName,
    serverName,
    state: 'SUCCEEDED',
    exitCode: 0,
    durationMs: 1,
    reason: null,
    output: { stdout: wrote, stderr: '', digest: wrote, isCut: false },
    ...rest,
  };
}

const shape = (results: RunResult[]) =>
  groupResults(results).map(({ state, exitCode, results: members }) => [
    state,
    exitCode,
    members.map(({ serverName }) => serverName).join(' '),
  ]);

it('groups equal ends with equal output; failures come first, then the largest groups', () => {
  const failed = { state: 'FAILED', exitCode: 1 } as const;
  expect(
    shape([
      result('c', { wrote: 'x' }),
      result('a', { wrote: 'x' }),
      result('b', { wrote: 'y' }),
      result('e', failed),
      result('d', { ...failed, exitCode: 2 }),
      result('f', failed),
    ]),
  ).toEqual([
    ['FAILED', 1, 'e f'],
    ['FAILED', 2, 'd'],
    ['SUCCEEDED', 0, 'a c'],
    ['SUCCEEDED', 0, 'b'],
  ]);
});

it('keeps servers apart whose output was the same but whose end was not', () => {
  expect(shape([result('a'), result('b', { state: 'CANCELLED', exitCode: null })])).toHaveLength(2);
});

it('makes no group of nothing', () => expect(groupResults([])).toEqual([]));
