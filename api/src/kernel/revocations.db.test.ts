import { v7 as uuidv7 } from 'uuid';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { FeatureHarness } from '../testing/feature-harness.js';
import { InProcessEventBus } from './event-bus.js';
import type { Revocation } from './revocation.repository.js';
import { Revocations } from './revocations.js';

let harness: FeatureHarness;
let bus: InProcessEventBus;
let revocations: Revocations;
let told: Revocation[];
let tell: (() => void)[];
let blind: number;
beforeAll(async () => void (harness = await FeatureHarness.start()));
beforeEach(async () => {
  bus = new InProcessEventBus();
  [told, tell, blind] = [[], [], 0];
  revocations = new Revocations({ database: harness.database, bus, log: pino({ level: 'silent' }) });
  revocations.onRevoked((revocation) => {
    told.push(revocation);
    for (const wake of tell.splice(0)) wake();
  });
  revocations.onBlind(() => {
    blind += 1;
    for (const wake of tell.splice(0)) wake();
  });
});
afterEach(() => {
  revocations.stop();
  vi.useRealTimers();
});
afterAll(() => harness.stop());

const next = () => new Promise<void>((resolve) => tell.push(resolve));
const toldOf = async (count: number) => {
  while (told.length < count) await next();
};
const insert = (kind: Revocation['kind'], subjectId: string) =>
  harness.sql('insert into revocations (kind, subject_id) values ($1, $2)', [kind, subjectId]);
const hide = () => harness.sql('revoke select on revocations from ph_app');
const show = () => harness.sql('grant select on revocations to ph_app');

test('a replica learns of what was revoked within 2 s, with a silent bus, once', async () => {
  await revocations.start();
  const subjectId = uuidv7();
  const insertedAt = performance.now();
  await insert('SESSION', subjectId);
  await toldOf(1);
  expect(performance.now() - insertedAt).toBeLessThan(2000);
  const later = uuidv7();
  await insert('USER', later);
  await toldOf(2); // by another poll, which finds the first one too
  expect(told).toEqual([
    { kind: 'SESSION', subjectId },
    { kind: 'USER', subjectId: later },
  ]);
});

test('a word on the bus makes it look at once', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }); // it never polls
  await revocations.start();
  const subjectId = uuidv7();
  await insert('USER', subjectId);
  bus.publish('revocations');
  await toldOf(1);
  expect(told).toEqual([{ kind: 'USER', subjectId }]);
});

test('what was revoked before it started concerns nobody here', async () => {
  await insert('USER', uuidv7());
  await revocations.start();
  bus.publish('revocations');
  const later = uuidv7();
  await insert('SERVER', later);
  await toldOf(1);
  expect(told).toEqual([{ kind: 'SERVER', subjectId: later }]);
});

test('a revocation that becomes visible after one with a higher number is not lost', async () => {
  await revocations.start();
  const [slow, quick] = [uuidv7(), uuidv7()];
  const [{ seq }] = (await harness.sql<{ seq: string }>(
    `select nextval(pg_get_serial_sequence('revocations', 'seq')) as seq`,
  )) as [{ seq: string }];
  await insert('USER', quick);
  await toldOf(1);
  await harness.sql(`insert into revocations (seq, kind, subject_id) overriding system value values ($1, 'USER', $2)`, [
    seq,
    slow,
  ]);
  await toldOf(2);
  expect(told.map(({ subjectId }) => subjectId)).toEqual([quick, slow]);
});

test('after 5 s without reading it trusts nobody, and trusts again once it reads', async () => {
  await revocations.start();
  await hide();
  const hiddenAt = performance.now();
  try {
    expect(revocations.isTrustworthy).toBe(true);
    await next();
    const blindAfterMs = performance.now() - hiddenAt;
    expect(blindAfterMs).toBeGreaterThan(3500);
    expect(blindAfterMs).toBeLessThan(7000);
    expect(blind).toBeGreaterThan(0);
    expect(revocations.isTrustworthy).toBe(false);
  } finally {
    await show();
  }
  const subjectId = uuidv7();
  await insert('API_TOKEN', subjectId);
  await toldOf(1);
  expect(revocations.isTrustworthy).toBe(true);
  expect(told).toEqual([{ kind: 'API_TOKEN', subjectId }]);
});

test('it does not start without having read', async () => {
  await hide();
  try {
    await expect(revocations.start()).rejects.toThrow(/permission denied/);
  } finally {
    await show();
  }
});
