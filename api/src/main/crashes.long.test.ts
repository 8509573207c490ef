import { afterAll, beforeAll, expect, it } from 'vitest';
import { CommandStorm } from './testing/command-storm.js';

const COMMANDS = 3000;
const storm = new CommandStorm({ commands: COMMANDS, wave: 500, longestPeaceMs: 4000 });
beforeAll(() => storm.start(), 120_000);
afterAll(() => storm.remove(), 60_000);

it('runs none of thousands of commands twice and loses none while everything fails at random', async () => {
  const beganMs = performance.now();
  await storm.rage();
  const { states, ...outcome } = await storm.outcome();
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  console.info(`${seconds} s`, states, Object.fromEntries(storm.faults));
  expect(outcome).toEqual({ issued: COMMANDS, recorded: COMMANDS, untrue: [], audit: { intact: true, problem: null } });
  expect(states['SUCCEEDED']).toBeGreaterThan(0);
}, 1_800_000);
