/** States in which nothing more happens to a command. */
export const FINAL_STATES = [
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'CANCELLED',
  'EXPIRED',
  'VETOED',
  'INTERRUPTED',
] as const;
export type FinalState = (typeof FINAL_STATES)[number];

export const COMMAND_STATES = ['QUEUED', 'DELIVERED', 'RUNNING', ...FINAL_STATES] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/**
 * What may move a command on.
 *
 * - `received`, `started`, `result`: the agent, after the fact is on its disk; `result` is signed.
 * - `withdraw`: the control plane takes back what was never sent.
 * - `sweep`: a lease or deadline lapsed.
 */
export type TransitionCause = 'received' | 'started' | 'result' | 'withdraw' | 'sweep';

/**
 * The one table of transitions. Every change of state is a compare-and-set from one of these rows; anything else is
 * refused, and a signed result that meets a final state is recorded once as the late result.
 */
export const TRANSITIONS = [
  { cause: 'received', from: ['QUEUED'], to: ['DELIVERED'] },
  { cause: 'started', from: ['QUEUED', 'DELIVERED'], to: ['RUNNING'] },
  { cause: 'result', from: ['QUEUED', 'DELIVERED', 'RUNNING'], to: FINAL_STATES },
  { cause: 'withdraw', from: ['QUEUED'], to: ['CANCELLED'] },
  { cause: 'sweep', from: ['QUEUED'], to: ['EXPIRED', 'INTERRUPTED'] },
  { cause: 'sweep', from: ['DELIVERED', 'RUNNING'], to: ['INTERRUPTED'] },
] as const satisfies readonly {
  cause: TransitionCause;
  from: readonly CommandState[];
  to: readonly CommandState[];
}[];

export function isFinal(state: CommandState): state is FinalState {
  return (FINAL_STATES as readonly string[]).includes(state);
}

/** States from which `cause` may lead to `to`; empty when it never may. */
export function statesBefore(cause: TransitionCause, to: CommandState): CommandState[] {
  return TRANSITIONS.filter((row) => row.cause === cause && (row.to as readonly string[]).includes(to)).flatMap(
    (row) => [...row.from],
  );
}
