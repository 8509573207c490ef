import { afterAll, beforeAll, expect, it } from 'vitest';
import { StalledSubscribers } from './testing/stalled-subscribers.js';

const SUBSCRIBERS = 200;
const LIMIT_MIB = 50;

const readers = new StalledSubscribers({ subscribers: SUBSCRIBERS, readingMs: 10_000, stalledMs: 60_000 });
beforeAll(() => readers.start(), 120_000);
afterAll(() => readers.remove(), 60_000);

it('200 subscribers that read nothing for 60 s cost the api less than 50 MB', async () => {
  const { grewMib, stalled, cutOff } = await readers.stall();
  console.info(`grew by ${grewMib.toFixed(1)} MiB; ${cutOff} were cut off`);
  expect(stalled).toBeGreaterThanOrEqual(SUBSCRIBERS);
  expect(grewMib).toBeLessThan(LIMIT_MIB);
}, 300_000);
