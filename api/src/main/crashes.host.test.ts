import { afterAll, beforeAll, expect, it } from 'vitest';
import { CommandStorm } from './testing/command-storm.js';

const COMMANDS = 300;
const storm = new CommandStorm({ commands: COMMANDS, wave: COMMANDS, longestPeaceMs: 1500 });
beforeAll(() => storm.start());
afterAll(() => storm.remove());

it('runs no command twice and loses none while api, agents and the path between them fail at random', async () => {
  await storm.rage();
  const { states, ...outcome } = await storm.outcome();
  expect(outcome).toEqual({ issued: COMMANDS, recorded: COMMANDS, untrue: [], audit: { intact: true, problem: null } });
  expect(states['SUCCEEDED']).toBeGreaterThan(0);
}, 180_000);
