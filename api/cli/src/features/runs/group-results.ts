import type { CommandState } from '../../gql/graphql.js';

/** How a command of a run ended on one server. */
export interface RunResult {
  commandId: string;
  serverId: string;
  serverName: string;
  state: CommandState;
  exitCode: number | null;
  durationMs: number | null;
  reason: string | null;
  output: CollectedOutput;
}

/** What a command wrote: the beginning of both streams, and a digest of all that is kept of them. */
export interface CollectedOutput {
  stdout: string;
  stderr: string;
  digest: string;
  /** Whether more was written than is held here. */
  isCut: boolean;
}

/** Servers on which a command ended alike, with the same output. */
export interface ResultGroup {
  state: CommandState;
  exitCode: number | null;
  results: [RunResult, ...RunResult[]];
}

/** Failures first, then the largest groups; servers by name. */
export function groupResults(results: readonly RunResult[]): ResultGroup[] {
  const groups = new Map<string, ResultGroup>();
  for (const result of results.toSorted((a, b) => a.serverName.localeCompare(b.serverName))) {
    const { state, exitCode, output, reason } = result;
    const key = JSON.stringify([state, exitCode, output.digest, reason]);
    const group = groups.get(key);
    if (group) group.results.push(result);
    else groups.set(key, { state, exitCode, results: [result] });
  }
  const isGood = (group: ResultGroup) => Number(group.state === 'SUCCEEDED');
  return [...groups.values()].toSorted((a, b) => isGood(a) - isGood(b) || b.results.length - a.results.length);
}
