import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunRedis } from '../../testing/redis-server.js';
import { CommandStorm } from './testing/command-storm.js';

const SIZE = { agents: 20, rounds: 5, commandsPerRound: 420, faultsPerRound: 28, longestPeaceMs: 2000 };

describe.each([
  { name: 'on one database alone', redis: false, canRun: true },
  { name: 'with a Redis between them [needs redis]', redis: true, canRun: canRunRedis() },
])('two replicas and twenty agents $name', ({ redis, canRun }) => {
  describe.runIf(canRun)('under faults', () => {
    const storm = new CommandStorm({ ...SIZE, redis });
    beforeAll(() => storm.start(), 240_000);
    afterAll(() => storm.remove(), 60_000);

    it('run none of thousands of commands twice and lose none while everything fails as planned', async () => {
      const beganMs = performance.now();
      await storm.rage();
      console.info(`${Math.round((performance.now() - beganMs) / 1000)} s`);
      expect(await storm.outcome()).toEqual(storm.truth);
    }, 1_800_000);
  });
});
