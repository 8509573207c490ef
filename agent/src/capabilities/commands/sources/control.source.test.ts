import { generateSigningKey } from '@pilothouse/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ControlSource } from './control.source.js';

const STARTED = { startedAt: '2026-01-01T00:00:00.000Z', bootId: 'boot', unit: null, attempt: 1 };
const done = (id: string) => ({ type: 'done' as const, id, statement: 'e30=', forgetAtMs: 0 });

let source: ControlSource;
let told: number;
beforeEach(() => {
  vi.useFakeTimers();
  told = 0;
  source = new ControlSource({ agentId: 'agent', signingKey: generateSigningKey() }, () => undefined);
  source.onReady(() => (told += 1));
});
afterEach(() => {
  vi.useRealTimers();
});

const kinds = async () => (await source.peek(1e6)).map((frame) => Object.keys(frame)[0]);

it('tells of a command that ends at once in one go', async () => {
  source.received('a');
  source.started('a', STARTED);
  vi.advanceTimersByTime(9);
  expect(told).toBe(0);
  source.result(done('a'));
  expect(told).toBe(1);
  expect(await kinds()).toEqual(['received', 'started', 'result']);
  vi.advanceTimersByTime(1000);
  expect(told).toBe(1);
});

it('tells of a start within 10 ms, also when others follow it', () => {
  source.received('a');
  vi.advanceTimersByTime(6);
  source.received('b');
  vi.advanceTimersByTime(3);
  expect(told).toBe(0);
  vi.advanceTimersByTime(1);
  expect(told).toBe(1);
});

it('tells of a refusal at once, and of the same one only once', () => {
  source.refused('a', 'QUEUE_FULL');
  source.refused('a', 'QUEUE_FULL');
  expect(told).toBe(1);
});
