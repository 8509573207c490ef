import { describe, expect, it } from 'vitest';
import { describePlan, planFaults } from './fault-plan.js';

const SIZE = { rounds: 3, faultsPerRound: 16, longestPeaceMs: 1000, replicas: 2, agents: 20, redis: true };
const kindsOf = (redis: boolean) => new Set(planFaults(7, { ...SIZE, redis }).map(({ kind }) => kind));

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    const [one, again, other] = [7, 7, 8].map((seed) => describePlan(planFaults(seed, SIZE)));
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  it('has every kind in each deal, those of Redis where there is one', () => {
    expect(kindsOf(true).size).toBe(16);
    expect(kindsOf(false).size).toBe(14);
    for (let round = 0; round < SIZE.rounds; round += 1) {
      const kinds = planFaults(7, SIZE).filter((fault) => fault.round === round);
      expect(new Set(kinds.map(({ kind }) => kind)).size).toBe(16);
    }
  });

  it('goes through each round in order, at what there is', () => {
    for (const { kind, target } of planFaults(9, SIZE)) {
      const count = kind.startsWith('agent k') || kind === 'agent frozen' ? SIZE.agents : SIZE.replicas + 1;
      expect(target, kind).toBeLessThan(count);
    }
    const offsets = planFaults(9, SIZE)
      .filter(({ round }) => round === 0)
      .map(({ offsetMs }) => offsetMs);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  });
});
