import { afterAll, beforeAll, expect, it } from 'vitest';
import { CommandStorm } from './testing/command-storm.js';

const storm = new CommandStorm({
  agents: 4,
  rounds: 1,
  commandsPerRound: 200,
  faultsPerRound: 14,
  longestPeaceMs: 1000,
  redis: false,
});
beforeAll(() => storm.start());
afterAll(() => storm.remove());

it('runs no command twice and loses none while replicas, agents, database and the path between them fail', async () => {
  await storm.rage();
  expect(await storm.outcome()).toEqual(storm.truth);
}, 180_000);
