import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AgentConnection } from './agent-connection.js';
import { PublishTurns } from './publish-turns.js';

let turns: PublishTurns;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  turns = new PublishTurns();
});
afterEach(() => vi.useRealTimers());

/** A connection of its own each time, of the agent that is named. */
const connectionOf = (agentId: string) => ({ agent: { agentId } }) as AgentConnection;

/** Publishes what costs so much. @returns how long after this moment it was taken. */
async function publish(agentId: string, costsMs: number): Promise<number> {
  const askedAt = performance.now();
  const taken = turns.take(connectionOf(agentId), async (charge) => {
    charge(costsMs);
    return performance.now() - askedAt;
  });
  await vi.runAllTimersAsync();
  return (await taken) ?? Number.NaN;
}

/** The same, all asked for at the same moment. */
async function publishAtOnce(agentId: string, costsMs: number, times: number): Promise<(number | null)[]> {
  const askedAt = performance.now();
  const taken = Array.from({ length: times }, () =>
    turns.take(connectionOf(agentId), async (charge) => {
      charge(costsMs);
      return performance.now() - askedAt;
    }),
  );
  await vi.runAllTimersAsync();
  return Promise.all(taken);
}

it('takes a burst of two seconds’ work at once, and beyond it a millisecond’s work each millisecond', async () => {
  expect(await publishAtOnce('rogue', 1000, 4)).toEqual([0, 0, 0, 1000]);
});

it('makes nobody wait longer than its agent waits for the answer', async () => {
  expect(await publishAtOnce('rogue', 60_000, 2)).toEqual([0, 10_000]);
});

it('lets no agent wait for what another has sent', async () => {
  const rogue = publishAtOnce('rogue', 5000, 2);
  expect(await publish('neighbour', 1)).toBe(0);
  expect(await rogue).toEqual([0, 3000]);
});

it('remembers what an agent owes when it connects anew', async () => {
  const first = turns.take(connectionOf('rogue'), async (charge) => charge(5000));
  await first;
  expect(await publish('rogue', 1)).toBe(3000);
});

it('remembers nothing of an agent that owes nothing', async () => {
  await publish('honest', 500);
  expect(await publishAtOnce('honest', 2000, 2)).toEqual([0, 0]);
});

it('takes four in line, and not a fifth', async () => {
  expect((await publishAtOnce('rogue', 0, 5)).map((took) => took === null)).toEqual([false, false, false, false, true]);
});

it('has the next publish wait for what was charged beside it, and the neighbour’s not', async () => {
  turns.charge(connectionOf('rogue'), 2500);
  turns.charge(connectionOf('rogue'), 2500);
  expect(await publishAtOnce('rogue', 1, 2)).toEqual([0, 3001]);
  expect(await publish('neighbour', 1)).toBe(0);
});

it('charges for work that failed', async () => {
  const failed = turns.take(connectionOf('rogue'), async (charge) => {
    charge(3000);
    throw new Error('fails');
  });
  await expect(failed).rejects.toThrow('fails');
  expect(await publish('rogue', 1)).toBe(1000);
});
