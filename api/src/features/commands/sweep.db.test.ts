import type { CommandEntity } from '@pilothouse/db';
import { LINK_LIMITS, type CommandState } from '@pilothouse/protocol';
import { describe, expect, it } from 'vitest';
import { useCommandsScene } from './testing/commands.scene.js';

const scene = useCommandsScene();

const AT = new Date('2026-11-21T12:00:00.000Z');
const GRACE_MS = LINK_LIMITS.unreachableGraceMs;
const before = (ms: number) => new Date(AT.getTime() - ms);
const SENT = { sent_at: before(1000), sent_counter: 1 };

interface Case {
  what: string;
  state: CommandState;
  columns: (moment: Date) => Record<string, unknown>;
  /** When its time is up, before AT. */
  graceMs: number;
  expected: Partial<CommandEntity>;
}

const CASES: Case[] = [
  {
    what: 'queued and never sent',
    state: 'QUEUED',
    columns: (expires_at) => ({ expires_at }),
    graceMs: 0,
    expected: { state: 'EXPIRED', outcome: 'KNOWN' },
  },
  {
    what: 'sent and not confirmed',
    state: 'QUEUED',
    columns: (expires_at) => ({ ...SENT, expires_at }),
    graceMs: 0,
    expected: { state: 'INTERRUPTED', outcome: 'UNKNOWN' },
  },
  {
    what: 'on the host and not started',
    state: 'DELIVERED',
    columns: (expires_at) => ({ ...SENT, expires_at }),
    graceMs: GRACE_MS,
    expected: { state: 'INTERRUPTED', outcome: 'UNKNOWN' },
  },
  {
    what: 'running',
    state: 'RUNNING',
    columns: (deadline_at) => ({ ...SENT, deadline_at, output_last_seq: 7, unreachable_since: before(1000) }),
    graceMs: 0,
    expected: { state: 'INTERRUPTED', outcome: 'UNKNOWN', outputExpectedSeq: 7 },
  },
];

describe.each(CASES)('a command that is $what', ({ state, columns, graceMs, expected }) => {
  it('is left alone until its time is up', async () => {
    const id = await scene.harness.copy(scene.model.id, { state, ...columns(before(graceMs - 1)) });
    await scene.harness.feature.sweep.run(AT);
    expect(await scene.harness.row(id)).toMatchObject({ state, revision: 1, finishedAt: null });
    expect(await scene.harness.changesOf(id)).toEqual([]);
    await scene.harness.sql('delete from commands where id = $1', [id]);
  });

  it('is ended from that moment on, with a reason, and said so once', async () => {
    const id = await scene.harness.copy(scene.model.id, { state, ...columns(before(graceMs)) });
    expect(await scene.harness.feature.sweep.run(AT)).toBe(1);
    const row = await scene.harness.row(id);
    expect(row).toMatchObject({ ...expected, finishedAt: AT, revision: 2 });
    expect(row.reason).toMatch(/^[A-Z].{10,}/);
    expect(await scene.harness.feature.sweep.run(AT)).toBe(0);
    expect(await scene.harness.changesOf(id)).toHaveLength(1);
  });
});

it('leaves what is final alone', async () => {
  const id = await scene.harness.copy(scene.model.id, {
    state: 'SUCCEEDED',
    expires_at: before(1),
    deadline_at: before(1),
  });
  expect(await scene.harness.feature.sweep.run(AT)).toBe(0);
  expect(await scene.harness.row(id)).toMatchObject({ state: 'SUCCEEDED', revision: 1 });
});

it('ends each command once when two replicas sweep at the same time', async () => {
  const replica = await scene.harness.replica();
  const ids = [];
  for (let n = 0; n < 30; n += 1)
    ids.push(await scene.harness.copy(scene.model.id, { state: 'QUEUED', expires_at: before(1) }));
  const counts = await Promise.all([scene.harness.feature.sweep.run(AT), replica.feature.sweep.run(AT)]);
  expect(counts[0] + counts[1]).toBe(30);
  for (const id of ids) {
    expect(await scene.harness.row(id)).toMatchObject({ state: 'EXPIRED', revision: 2 });
    expect(await scene.harness.changesOf(id)).toHaveLength(1);
  }
  await replica.stop();
});

it('works in every workspace', async () => {
  const other = await scene.harness.workspace();
  const elsewhere = await scene.harness.server(other);
  const { id } = await scene.harness.queue(await scene.harness.member(other), elsewhere);
  await scene.harness.sql('update commands set expires_at = $2 where id = $1', [id, before(1)]);
  expect(await scene.harness.feature.sweep.run(AT)).toBe(1);
  expect(await scene.harness.row(id)).toMatchObject({ state: 'EXPIRED' });
});
