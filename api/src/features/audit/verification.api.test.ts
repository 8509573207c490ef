import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { generateSigningKey, signAnchor } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AuditScene } from './testing/audit.scene.js';

const DAY_MS = 86_400_000;

let scene: AuditScene;
let tenant: SeededWorkspace;
beforeAll(async () => void (scene = await AuditScene.open()));
afterAll(() => scene.close());
beforeEach(async () => void (tenant = await scene.workspace()));

const tamper = (sql: string) => scene.harness.sql(sql.replaceAll(':chain', `'${tenant.workspaceId}'`));
const broken = (kind: string, sequence: number) => ({ intact: false, problem: { kind, sequence } });

describe('an untouched chain verifies', () => {
  test('that has no entry yet', async () => {
    expect(await scene.verify(tenant)).toMatchObject({
      intact: true,
      problem: null,
      checkedEntries: 0,
      headSequence: 0,
    });
  });

  test('with anchors, and what came after the last of them', async () => {
    await scene.recordMany(tenant, 3);
    expect(await scene.anchors.extend()).toBe(1);
    await scene.recordMany(tenant, 2);
    expect(await scene.verify(tenant)).toMatchObject({
      intact: true,
      problem: null,
      checkedEntries: 5,
      baseSequence: 0,
      headSequence: 5,
      anchorCount: 1,
      lastAnchoredSequence: 3,
      unreadableAnchors: 0,
    });
  });

  test('whose beginning retention has removed', async () => {
    const at = (sequence: number) => new Date(Date.now() - (sequence <= 4 ? 401 : 399) * DAY_MS);
    await scene.replaceChain(tenant, { count: 10, at });
    await scene.harness.sql(`select prune_audit(now() - interval '400 days')`);
    expect(await scene.verify(tenant)).toMatchObject({ intact: true, checkedEntries: 6, baseSequence: 4 });
  });

  test('while it grows', async () => {
    await scene.recordMany(tenant, 5);
    const [verification] = await Promise.all([
      scene.verify(tenant),
      scene.recordMany(tenant, 5),
      scene.anchors.extend(),
    ]);
    expect(verification).toMatchObject({ intact: true });
  });

  test('of more than one page, anchored with a key that was replaced since', async () => {
    await scene.replaceChain(tenant, { count: 1234 });
    await scene.anchors.extend();
    await scene.publishKey(generateSigningKey());
    await scene.record(tenant);
    await scene.anchors.extend();
    expect(await scene.verify(tenant)).toMatchObject({ intact: true, checkedEntries: 1235, anchorCount: 2 });
  });
});

describe('names the first bad entry when', () => {
  beforeEach(() => scene.recordMany(tenant, 8));

  test.each([
    [
      'a text was changed',
      `update audit_entries set detail = '{}' where chain = :chain and sequence = 3`,
      'HASH_WRONG',
      3,
    ],
    [
      'an actor was',
      `update audit_entries set actor_id = 'else' where chain = :chain and sequence = 1`,
      'HASH_WRONG',
      1,
    ],
    [
      'the border between two texts was',
      `update audit_entries set actor_kind = 'US', actor_id = 'ER' || actor_id where chain = :chain and sequence = 8`,
      'HASH_WRONG',
      8,
    ],
    ['an entry is gone', `delete from audit_entries where chain = :chain and sequence = 3`, 'MISSING', 3],
    ['the first is gone', `delete from audit_entries where chain = :chain and sequence = 1`, 'MISSING', 1],
    ['the tail is gone', `delete from audit_entries where chain = :chain and sequence > 6`, 'MISSING', 7],
    ['all are gone', `delete from audit_entries where chain = :chain`, 'MISSING', 1],
    [
      'one was put in between',
      `update audit_entries set sequence = sequence + 100 where chain = :chain and sequence > 4;
       update audit_entries set sequence = sequence - 99 where chain = :chain and sequence > 100;
       insert into audit_entries select chain, 5, workspace_id, hash, hash, time, actor_kind, actor_id, action, target_kind, target_id,
         detail, intent_digest from audit_entries where chain = :chain and sequence = 4`,
      'HASH_WRONG',
      5,
    ],
    [
      'two have changed places',
      `update audit_entries set sequence = 99 where chain = :chain and sequence = 4;
       update audit_entries set sequence = 4 where chain = :chain and sequence = 5;
       update audit_entries set sequence = 5 where chain = :chain and sequence = 99`,
      'LINK_BROKEN',
      4,
    ],
    [
      'one was added behind the end',
      `insert into audit_entries select chain, 9, workspace_id, hash, hash, time, actor_kind, actor_id, action, target_kind, target_id,
         detail, intent_digest from audit_entries where chain = :chain and sequence = 8`,
      'HASH_WRONG',
      9,
    ],
    [
      'one stands before the beginning',
      `update audit_entries set sequence = 0 where chain = :chain and sequence = 8`,
      'UNEXPECTED',
      0,
    ],
    ['the head was moved back', `update audit_heads set sequence = 7 where chain = :chain`, 'HEAD_DIFFERS', 8],
    ['the head was moved on', `update audit_heads set sequence = 9 where chain = :chain`, 'MISSING', 9],
    ['the head’s hash was changed', `update audit_heads set hash = base_hash where chain = :chain`, 'HEAD_DIFFERS', 8],
    ['the head is gone', `delete from audit_heads where chain = :chain`, 'HEAD_DIFFERS', 8],
    ['the base was moved', `update audit_heads set base_sequence = 2 where chain = :chain`, 'UNEXPECTED', 1],
  ])('%s', async (_what, sql, kind, sequence) => {
    expect(await scene.verify(tenant)).toMatchObject({ intact: true });
    for (const statement of sql.split(';')) await tamper(statement);
    expect(await scene.verify(tenant)).toMatchObject(broken(kind, sequence));
  });
});

describe('what is whole in itself is caught by what was signed outside the database:', () => {
  beforeEach(async () => {
    await scene.recordMany(tenant, 4);
    await scene.anchors.extend();
    await scene.recordMany(tenant, 2);
    await scene.anchors.extend();
  });

  test('a chain that was replaced', async () => {
    await scene.replaceChain(tenant, { count: 6 });
    expect(await scene.verify(tenant)).toMatchObject(broken('ANCHOR_CONTRADICTS', 4));
  });

  test('a tail that was cut off, with the head moved back', async () => {
    await tamper(`delete from audit_entries where chain = :chain and sequence > 5`);
    await tamper(
      `update audit_heads h set sequence = 5, hash = e.hash from audit_entries e where e.chain = h.chain and e.sequence = 5 and h.chain = :chain`,
    );
    expect(await scene.verify(tenant)).toMatchObject(broken('ANCHOR_CONTRADICTS', 6));
  });

  test('a chain that is gone with its head', async () => {
    await tamper('delete from audit_entries where chain = :chain');
    await tamper('delete from audit_heads where chain = :chain');
    expect(await scene.verify(tenant)).toMatchObject(broken('ANCHOR_CONTRADICTS', 1));
  });

  test('a beginning that was removed before its time, as if by retention', async () => {
    await tamper(
      `update audit_heads h set base_sequence = 4, base_hash = e.hash from audit_entries e where e.chain = h.chain and e.sequence = 4 and h.chain = :chain`,
    );
    await tamper('delete from audit_entries where chain = :chain and sequence <= 4');
    expect(await scene.verify(tenant)).toMatchObject(broken('MISSING', 4));
  });

  test('and a later anchor does not hide it', async () => {
    await scene.replaceChain(tenant, { count: 9 });
    await scene.anchors.extend();
    expect(await scene.verify(tenant)).toMatchObject(broken('ANCHOR_CONTRADICTS', 4));
  });

  test('a chain that has become shorter or another is not anchored, but reported', async () => {
    const before = await readFile(scene.anchorFile(tenant), 'utf8');
    for (const count of [5, 6]) {
      scene.errors.length = 0;
      await scene.replaceChain(tenant, { count });
      await scene.anchors.extend();
      expect(scene.errors.join()).toContain(tenant.workspaceId);
    }
    expect(await readFile(scene.anchorFile(tenant), 'utf8')).toBe(before);
  });
});

describe('the file of anchors', () => {
  beforeEach(async () => {
    await scene.recordMany(tenant, 3);
    await scene.anchors.extend();
  });
  const anchor = async () => JSON.parse((await readFile(scene.anchorFile(tenant), 'utf8')).trim());

  test('goes on behind a line that a crash cut off, which is counted', async () => {
    await appendFile(scene.anchorFile(tenant), JSON.stringify(await anchor()).slice(0, 100));
    await scene.record(tenant);
    expect(await scene.anchors.extend()).toBe(1);
    expect(await scene.anchors.extend()).toBe(0);
    const verification = await scene.verify(tenant);
    expect(verification).toMatchObject({ intact: true, anchorCount: 2, unreadableAnchors: 1, lastAnchoredSequence: 4 });
  });

  test.each([
    ['was changed', async () => ({ ...(await anchor()), hash: 'f'.repeat(64) })],
    [
      'is of another key',
      async () => {
        const { signature: _signature, keyId: _keyId, ...place } = await anchor();
        return signAnchor(generateSigningKey(), place);
      },
    ],
    [
      'is another workspace’s',
      async () => ({ ...(await anchor()), workspaceId: (await scene.workspace()).workspaceId }),
    ],
  ])('with a line that %s is called forged', async (_what, forge) => {
    await writeFile(scene.anchorFile(tenant), `${JSON.stringify(await forge())}\n`);
    expect(await scene.verify(tenant)).toMatchObject(broken('ANCHOR_FORGED', 3));
  });

  test('may say the same twice, but not two things of one place', async () => {
    const { signature, keyId, ...place } = await anchor();
    await appendFile(scene.anchorFile(tenant), `${JSON.stringify({ ...place, keyId, signature })}\n`);
    expect(await scene.verify(tenant)).toMatchObject({ intact: true, anchorCount: 1 });
    const other = signAnchor(scene.command, { ...place, hash: 'f'.repeat(64) });
    await appendFile(scene.anchorFile(tenant), `${JSON.stringify(other)}\n`);
    expect(await scene.verify(tenant)).toMatchObject(broken('ANCHOR_CONTRADICTS', 3));
  });

  test('takes no place that is none, and the failure of one workspace does not keep the others from theirs', async () => {
    await scene.record(tenant);
    const other = await scene.workspace();
    await scene.record(other);
    await tamper(`update audit_heads set hash = 'none' where chain = :chain`);
    await expect(scene.anchors.extend()).rejects.toThrow('1 audit chains could not be anchored');
    expect(await scene.verify(other)).toMatchObject({ intact: true, lastAnchoredSequence: 1 });
    expect(await scene.verify(tenant)).toMatchObject({ ...broken('HEAD_DIFFERS', 4), unreadableAnchors: 0 });
    await tamper('delete from audit_heads where chain = :chain');
  });
});

test('verifies 100,000 entries without holding them', async () => {
  await scene.replaceChain(tenant, { count: 100_000 });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = held();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, held())), 100);
  const verification = await scene.verify(tenant);
  clearInterval(watch);
  expect(verification).toMatchObject({ intact: true, checkedEntries: 100_000 });
  expect(peak - before).toBeLessThan(16 * 1024 * 1024);
});

test('who asks while a verification runs gets its result', async () => {
  await scene.recordMany(tenant, 2);
  const [first, second] = await Promise.all([scene.verify(tenant), scene.verify(tenant)]);
  expect(first).toEqual(second);
});

test.each([
  ['VIEWER', 'FORBIDDEN'],
  ['OPERATOR', 'FORBIDDEN'],
  ['ADMIN', undefined],
  ['OWNER', undefined],
] as const)('a %s who verifies gets %s', async (role, code) => {
  const answer = await scene.harness.ask(scene.harness.as(tenant, role), '{ verifyAudit { intact } }');
  expect(answer.code).toBe(code);
});

test('another workspace cannot see into the verification', async () => {
  await scene.recordMany(tenant, 3);
  const stranger = await scene.workspace();
  expect(await scene.verify(stranger)).toMatchObject({ intact: true, checkedEntries: 0, headHash: null });
});
