import { numbersFrom, shuffled } from './seeded-numbers.js';

/** Of each kind: what it may be done to, and for how long at most; 0 where it is over at once. */
const KINDS = {
  'replica killed': { targets: 'replicas', longestMs: 2500 },
  'replica restarted': { targets: 'replicas', longestMs: 0 },
  'replica frozen': { targets: 'replicas', longestMs: 6000 },
  'agent killed': { targets: 'agents', longestMs: 2000 },
  'agent frozen': { targets: 'agents', longestMs: 6000 },
  'database killed': { targets: 'one', longestMs: 0 },
  'signer killed': { targets: 'one', longestMs: 1500 },
  'jobs killed': { targets: 'one', longestMs: 2500 },
  'path cut': { targets: 'ways', longestMs: 0 },
  'path silent': { targets: 'ways', longestMs: 3000 },
  'path slow': { targets: 'one', longestMs: 4000 },
  'path closed': { targets: 'one', longestMs: 3000 },
  'replica left half open': { targets: 'ways', longestMs: 0 },
  'agent left half open': { targets: 'ways', longestMs: 0 },
  'Redis killed': { targets: 'one', longestMs: 2500 },
  'Redis frozen': { targets: 'one', longestMs: 4000 },
} as const;

export type FaultKind = keyof typeof KINDS;

export interface PlannedFault {
  round: number;
  /** From the beginning of its round. */
  offsetMs: number;
  kind: FaultKind;
  /** Which of several. Of ways to replicas: the one to that replica, or all of them where it names none. */
  target: number;
  lastsMs: number;
}

export interface PlanSize {
  rounds: number;
  faultsPerRound: number;
  longestPeaceMs: number;
  replicas: number;
  agents: number;
  redis: boolean;
}

/** What will be done to everything, and when: from the seed alone, before it begins. Every kind comes in each deal. */
export function planFaults(seed: number, size: PlanSize): PlannedFault[] {
  const next = numbersFrom(seed);
  const counts = { one: 1, replicas: size.replicas, agents: size.agents, ways: size.replicas + 1 };
  const kinds = (Object.keys(KINDS) as FaultKind[]).filter((kind) => size.redis || !kind.startsWith('Redis'));
  const plan: PlannedFault[] = [];
  let deck: FaultKind[] = [];
  for (let round = 0; round < size.rounds; round += 1) {
    let offsetMs = 0;
    for (let count = 0; count < size.faultsPerRound; count += 1) {
      if (deck.length === 0) deck = shuffled(kinds, next);
      const kind = deck.pop() as FaultKind;
      const { targets, longestMs } = KINDS[kind];
      offsetMs += next(size.longestPeaceMs);
      plan.push({ round, offsetMs, kind, target: next(counts[targets]), lastsMs: longestMs && next(longestMs) });
    }
  }
  return plan;
}

/** One line a fault, as it is printed before it begins. */
export function describePlan(plan: readonly PlannedFault[]): string {
  return plan
    .map(({ round, offsetMs, kind, target, lastsMs }) => `${round} +${offsetMs} ms: ${kind} ${target}, ${lastsMs} ms`)
    .join('\n');
}
