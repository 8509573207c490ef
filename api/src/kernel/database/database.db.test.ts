import { auditEntryHash, AUDIT_GENESIS_HASH } from '@pilothouse/protocol';
import { seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FeatureHarness } from '../../testing/feature-harness.js';
import { systemContext, type WorkspaceContext } from '../request-context.js';
import { allAnswered, queryPrepared, type AuditPlace, type AuditRecord, type WriteTransaction } from './index.js';

let harness: FeatureHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;
let wakes: number;
let unsubscribe: () => void;
beforeAll(async () => void (harness = await FeatureHarness.start()));
beforeEach(async () => {
  unsubscribe?.();
  workspace = await seedWorkspace(harness.db);
  ctx = harness.as(workspace);
  wakes = 0;
  unsubscribe = harness.bus.subscribe(`workspace:${workspace.workspaceId}`, () => void (wakes += 1));
});
afterAll(() => harness.stop());

const rename = (tx: WriteTransaction, name: string) => tx.manager.query('update workspaces set name = $1', [name]);
const nameNow = async () =>
  (await harness.sql<{ name: string }>('select name from workspaces where id = $1', [workspace.workspaceId]))[0]!.name;
const record: AuditRecord = { action: 'workspace-renamed', target: { kind: 'WORKSPACE', id: 'it' } };
const left = async () => {
  const [row] = await harness.sql<{ events: number; entries: number }>(
    `select (select count(*)::int from workspace_events where workspace_id = $1) as events,
            (select count(*)::int from audit_entries where workspace_id = $1) as entries`,
    [workspace.workspaceId],
  );
  return row!;
};

describe('a change by a person', () => {
  test('that is not put on record fails, and leaves nothing', async () => {
    const before = await nameNow();
    const work = harness.database.write(ctx, async (tx) => {
      await rename(tx, 'unrecorded');
      tx.changed('WORKSPACE', workspace.workspaceId);
    });
    await expect(work).rejects.toThrow('A change by a person was not put on record');
    expect(await nameNow()).toBe(before);
    expect(await left()).toEqual({ events: 0, entries: 0 });
    expect(wakes).toBe(0);
  });

  test('cannot have a step after an audit entry that there is not', async () => {
    const system = systemContext(workspace.workspaceId, 'job');
    const work = harness.database.write(system, async (tx) => tx.afterAudit(async () => undefined));
    await expect(work).rejects.toThrow('needs an audit entry');
  });
});

test('rows come first, then numbered changes, then the audit entry, then the step after it, then commit', async () => {
  const order: string[] = [];
  const numbers = async (tx: WriteTransaction) => {
    const [row] = await tx.manager.query(
      `select (select count(*)::int from workspace_events) as events, (select count(*)::int from audit_entries) as entries`,
    );
    return `${row.events} events, ${row.entries} entries`;
  };
  await harness.database.write(ctx, async (tx) => {
    tx.afterCommit(() => order.push(`committed, ${wakes} wakes`));
    tx.afterAudit(async ({ sequence }) => void order.push(`step at ${sequence}: ${await numbers(tx)}, ${wakes} wakes`));
    tx.changed('WORKSPACE', workspace.workspaceId);
    tx.audit(record);
    await rename(tx, 'in order');
    order.push(`work: ${await numbers(tx)}`);
  });
  expect(order).toEqual(['work: 0 events, 0 entries', 'step at 1: 1 events, 1 entries, 0 wakes', 'committed, 0 wakes']);
});

test.each([
  ['the work', async () => Promise.reject(new Error('fails')), async () => undefined],
  ['the step after the audit entry', async () => undefined, async () => Promise.reject(new Error('fails'))],
])('when %s fails, nothing stays and nobody is woken', async (_what, work, step) => {
  let committed = false;
  const before = await nameNow();
  const writing = harness.database.write(ctx, async (tx) => {
    await rename(tx, 'rolled back');
    tx.changed('WORKSPACE', workspace.workspaceId);
    tx.audit(record);
    tx.afterAudit(step);
    tx.afterCommit(() => (committed = true));
    await work();
  });
  await expect(writing).rejects.toThrow('fails');
  expect([await nameNow(), await left(), wakes, committed]).toEqual([before, { events: 0, entries: 0 }, 0, false]);
});

test('leaves nothing of a change that cannot be numbered, although the commit was on its way', async () => {
  const before = await nameNow();
  const system = systemContext(workspace.workspaceId, 'job');
  const writing = harness.database.write(system, async (tx) => {
    await rename(tx, 'not numbered');
    tx.changed('WORKSPACE', 'not an id');
  });
  await expect(writing).rejects.toThrow('invalid input syntax for type uuid');
  expect([await nameNow(), await left(), wakes]).toEqual([before, { events: 0, entries: 0 }, 0]);
});

test('what is read is read only: PostgreSQL refuses to write meanwhile', async () => {
  const before = await nameNow();
  const reading = harness.database.read(ctx, (tx) => tx.manager.query('update workspaces set name = $1', ['read']));
  await expect(reading).rejects.toThrow('cannot execute UPDATE in a read-only transaction');
  expect(await nameNow()).toBe(before);
});

describe('a statement at the end', () => {
  test('sees what the step after the audit entry has made, and is answered with the commit', async () => {
    const seen = await harness.database.write(ctx, async (tx) => {
      tx.audit(record);
      tx.afterAudit(async () => void (await rename(tx, 'made by the step')));
      return tx.atEnd(() =>
        queryPrepared(tx.manager, 'select name from workspaces where id = $1', [workspace.workspaceId]),
      );
    });
    expect(await seen.answer).toEqual([{ name: 'made by the step' }]);
  });

  test('leaves nothing when it fails, and tells why', async () => {
    const [before, entries] = [await nameNow(), await left()];
    const writing = harness.database.write(ctx, async (tx) => {
      tx.audit(record);
      await rename(tx, 'lost at the end');
      return tx.atEnd(() => queryPrepared(tx.manager, 'select 1 / $1::integer as "none"', [0]));
    });
    await expect(writing).rejects.toThrow('division by zero');
    expect([await nameNow(), await left()]).toEqual([before, entries]);
  });

  test('is never sent when the work fails before it', async () => {
    let sent = false;
    const writing = harness.database.write(ctx, async (tx) => {
      tx.audit(record);
      tx.atEnd(async () => void (sent = true));
      throw new Error('fails');
    });
    await expect(writing).rejects.toThrow('fails');
    expect(sent).toBe(false);
  });
});

describe('statements that do not wait for each other', () => {
  const renameWhere = ({ manager }: WriteTransaction, from: string, to: string) =>
    queryPrepared(manager, 'update workspaces set name = $2 where name = $1 returning name', [from, to]);

  test('run in the order of the calls, with the tenant set before the first', async () => {
    const before = await nameNow();
    const answers = await harness.database.write(ctx, async (tx) => {
      tx.audit(record);
      // Another text is planned anew, and the same one is not: both must keep their turn.
      return allAnswered([
        renameWhere(tx, before, 'first'),
        queryPrepared(tx.manager, 'select name from workspaces where id = $1', [workspace.workspaceId]),
        renameWhere(tx, 'first', 'second'),
        renameWhere(tx, 'second', 'third'),
      ]);
    });
    expect(answers).toEqual([[{ name: 'first' }], [{ name: 'first' }], [{ name: 'second' }], [{ name: 'third' }]]);
    expect(await nameNow()).toBe('third');
  });

  test('may be left to the commit, which comes behind them, and are answered afterwards', async () => {
    const before = await nameNow();
    const order: string[] = [];
    const renamed = await harness.database.write(ctx, async (tx) => {
      tx.audit(record);
      const statement = renameWhere(tx, before, 'left to the commit');
      void statement.then(() => order.push('answered'));
      const later = tx.later(statement);
      order.push('returned');
      return later;
    });
    expect(order).toEqual(['returned', 'answered']);
    expect(await renamed.answer).toEqual([{ name: 'left to the commit' }]);
    expect(await nameNow()).toBe('left to the commit');
  });

  test('are told to nobody as done when the commit does not come', async () => {
    const before = await nameNow();
    const writing = harness.database.write(ctx, async (tx) => {
      tx.audit(record);
      tx.afterAudit(() => Promise.reject(new Error('fails')));
      return tx.later(renameWhere(tx, before, 'never'));
    });
    await expect(writing).rejects.toThrow('fails');
    expect(await nameNow()).toBe(before);
  });

  test.each(['in the work', 'after the audit entry'])(
    'tell their own error, sent %s, and nothing is left',
    async (when) => {
      const [before, entries] = [await nameNow(), await left()];
      let committed = false;
      const writing = harness.database.write(ctx, async (tx) => {
        tx.audit(record);
        tx.changed('WORKSPACE', workspace.workspaceId);
        tx.afterCommit(() => (committed = true));
        const fail = async () => tx.sent(queryPrepared(tx.manager, 'select 1 / $1::integer as "none"', [0]));
        if (when === 'in the work') await fail();
        else tx.afterAudit(fail);
        tx.sent(renameWhere(tx, before, 'lost'));
      });
      await expect(writing).rejects.toThrow('division by zero');
      expect([await nameNow(), await left(), committed]).toEqual([before, entries, false]);
    },
  );

  test('leave nothing when one of them fails, which is told, and their connection serves the next', async () => {
    const before = await nameNow();
    const failing = Array.from({ length: 16 }, () =>
      harness.database.write(ctx, async (tx) => {
        tx.audit(record);
        await allAnswered([
          renameWhere(tx, before, 'lost'),
          queryPrepared(tx.manager, 'select 1 / $1::integer as "none"', [0]),
          renameWhere(tx, 'lost', 'lost too'),
        ]);
      }),
    );
    const reasons = (await Promise.allSettled(failing)).map((outcome) => 'reason' in outcome && outcome.reason.message);
    expect(new Set(reasons)).toEqual(new Set(['division by zero']));
    const names = Array.from({ length: 16 }, () =>
      harness.database.read(ctx, ({ manager }) => queryPrepared(manager, 'select name from workspaces', [])),
    );
    expect(new Set((await Promise.all(names)).flat().map((row) => JSON.stringify(row)))).toEqual(
      new Set([JSON.stringify({ name: before })]),
    );
  });
});

test('what stands for a tenant is a text and nothing else', async () => {
  const workspaceId = `', true), set_config('app.user', '`;
  const [told] = await harness.database.read({ ...ctx, workspaceId }, (tx) =>
    tx.manager.query(`select current_setting('app.workspace') as workspace, current_setting('app.user') as "user"`),
  );
  expect(told).toEqual({ workspace: workspaceId, user: workspace.userId });
});

test('who is woken finds the change there already', async () => {
  let found: Promise<string> | undefined;
  const stop = harness.bus.subscribe(`workspace:${workspace.workspaceId}`, () => {
    found = nameNow();
  });
  await harness.database.write(ctx, async (tx) => {
    await rename(tx, 'durable');
    tx.changed('WORKSPACE', workspace.workspaceId);
    tx.audit(record);
  });
  stop();
  expect(await found).toBe('durable');
});

test('the hash of an entry is the one the protocol computes, and the next follows from it', async () => {
  const places: AuditPlace[] = [];
  for (const detail of [{ text: 'ü"\\\n€ \u{1f600}' }, { 'a key': null }]) {
    await harness.database.write(ctx, async (tx) => {
      tx.audit({ ...record, detail, intentDigest: 'a'.repeat(64) });
      tx.afterAudit(async (place) => void places.push(place));
    });
  }
  const [first, second] = places as [AuditPlace, AuditPlace];
  for (const place of places) expect(auditEntryHash(place)).toBe(place.hash);
  expect([first.previousHash, second.previousHash]).toEqual([AUDIT_GENESIS_HASH, first.hash]);
  expect([first.sequence, second.sequence]).toEqual([1, 2]);
  expect(first.chain).toBe(workspace.workspaceId);
});

test('200 transactions of two workspaces on few connections never cross', async () => {
  const other = await seedWorkspace(harness.db);
  const seen = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const mine = i % 2 ? workspace : other;
      const rows = await harness.database.read(harness.as(mine), (tx) => tx.manager.query('select id from workspaces'));
      return rows.length === 1 && rows[0].id === mine.workspaceId;
    }),
  );
  expect(seen.every(Boolean)).toBe(true);
});

test('a look-up sees no row of anybody, also on a connection that had a workspace', async () => {
  await harness.database.read(ctx, (tx) => tx.manager.query('select 1'));
  for (const table of ['workspaces', 'servers', 'users', 'sessions', 'commands', 'audit_entries']) {
    expect(await harness.database.lookUp(`select * from ${table}`, [])).toEqual([]);
  }
});

test('a connection that breaks between two questions is a database that is away, and no bug', async () => {
  const work = harness.database.read(ctx, async ({ manager }) => {
    const [backend] = await manager.query<{ pid: number }[]>('select pg_backend_pid() as pid');
    await harness.sql('select pg_terminate_backend($1)', [backend!.pid]);
    await vi.waitFor(() => expect(manager.queryRunner?.isReleased).toBe(true));
    return manager.query('select 1');
  });
  await expect(work).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
