import type { AgentFrame } from '@pilothouse/protocol';
import { expect, it } from 'vitest';
import { priceOf, sortByKeeper } from './frame-kinds.js';
import { PRICES_MS } from './publish-prices.js';

const SECOND_MS = 1000;
const commandId = '0191d9a0-0000-7000-8000-000000000000';
const times = (count: number, frame: unknown) => Array.from({ length: count }, () => frame as AgentFrame);
const output = (bytes: number) => ({
  output: { commandId, seq: 1, stream: 'STDOUT', offset: 0, data: Buffer.alloc(bytes).toString('base64') },
});
const telemetry = (samples: number, parts: number) => ({
  telemetry: { samples: times(samples, {}), parts: times(parts, {}) },
});

it('leaves room for 16 commands that write 40 KiB/s each, beside samples and news of commands', () => {
  const frames = [
    ...times(160, output(4096)),
    ...times(10, { received: { commandId } }),
    ...times(1, telemetry(1, 256)),
  ];
  const receivedKib = JSON.stringify(frames).length / 1024;
  const beside = 10 * PRICES_MS.publish + receivedKib * PRICES_MS.receivedKib;
  expect(priceOf(frames) + beside).toBeLessThan(SECOND_MS);
});

it('costs a host at rest less than a thousandth of its share', () => {
  const minute = [...times(6, telemetry(1, 0)), ...times(1, telemetry(0, 10))];
  expect(priceOf(minute) + 6 * PRICES_MS.publish).toBeLessThan(60 * SECOND_MS * 0.001);
});

it('takes an hour of samples with 16 parts a minute in no more than three seconds', () => {
  const hour = [...times(300, telemetry(1, 0)), ...times(60, telemetry(1, 16))];
  expect(priceOf(hour)).toBeLessThan(3 * SECOND_MS);
});

it.each([{ health: { checks: [] } }, { facts: {} }, { keyRotation: {} }])(
  'costs for every report that the next one makes void, and not for the last: %o',
  (report) => {
    expect(priceOf(times(1, report))).toBe(PRICES_MS.frame);
    expect(priceOf(times(3, report))).toBe(3 * PRICES_MS.frame + 2 * PRICES_MS.voidReport);
  },
);

it('hands every frame to the one that keeps its kind, in the order in which they came', () => {
  const kinds = ['facts', 'telemetry', 'received', 'keyRotation', 'output', 'telemetry'];
  const frames = kinds.map((kind, index) => ({ index, frame: { [kind]: {} } as unknown as AgentFrame }));
  const kept = [...sortByKeeper(frames)].map(([keeper, own]) => [keeper, own.map(({ index }) => index)]);
  expect(kept).toEqual([
    ['REPORTS', [0, 2, 4]],
    ['TELEMETRY', [1, 5]],
    ['KEY', [3]],
  ]);
});
