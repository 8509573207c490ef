import { createHash } from 'node:crypto';
import { Client, Pool, type ClientBase } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { inScope } from '../testing/in-scope.js';
import { createTestDatabase, seedWorkspace, type SeededWorkspace, type TestDatabase } from '../testing/index.js';

interface Entry {
  chain: string;
  sequence: string;
  previous_hash: string;
  hash: string;
  time: string;
  actor_kind: string;
  actor_id: string;
  action: string;
  target_kind: string;
  target_id: string;
  detail: string;
  intent_digest: string;
}

const GENESIS = '0'.repeat(64);

let database: TestDatabase;
let admin: Client;
let app: Pool;
let tenant: SeededWorkspace;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  app = new Pool({ connectionString: database.appUrl, max: 20 });
});

afterAll(async () => {
  await Promise.all([admin.end(), app.end()]);
  await database.drop();
});

beforeEach(async () => void (tenant = await seedWorkspace(database)));

/** SHA-256 over every text behind its length in bytes, 32 bits, big-endian; the first text is the domain. */
function expectedHash(entry: Entry): string {
  const hash = createHash('sha256');
  const texts = ['ph-audit-v1', entry.chain, entry.sequence, entry.previous_hash, entry.time, entry.actor_kind];
  texts.push(entry.actor_id, entry.action, entry.target_kind, entry.target_id, entry.detail, entry.intent_digest);
  for (const text of texts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    hash.update(length).update(text);
  }
  return hash.digest('hex');
}

async function append(client: ClientBase, texts: Partial<Entry> = {}, installation?: string): Promise<Entry> {
  const { rows } = await client.query('select * from audit_append($1, $2, $3, $4, $5, $6, $7, $8)', [
    texts.actor_kind ?? 'USER',
    texts.actor_id ?? tenant.userId,
    texts.action ?? 'server.create',
    texts.target_kind ?? 'SERVER',
    texts.target_id ?? 'target',
    texts.detail ?? '{}',
    texts.intent_digest ?? '',
    installation ?? null,
  ]);
  return rows[0];
}

async function inTransaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await app.connect();
  try {
    return await inScope(client, tenant, () => work(client));
  } finally {
    client.release();
  }
}

async function chain(name = tenant.workspaceId): Promise<{ entries: Entry[]; head: Record<string, string> }> {
  const entries = await admin.query<Entry>('select * from audit_entries where chain = $1 order by sequence', [name]);
  const heads = await admin.query('select * from audit_heads where chain = $1', [name]);
  return { entries: entries.rows, head: heads.rows[0] };
}

/** The first entry that is not what it must be after the one before it; null when the chain is whole. */
function firstFault({ entries, head }: Awaited<ReturnType<typeof chain>>): string | null {
  let [sequence, hash] = [Number(head.base_sequence), head.base_hash];
  for (const entry of entries) {
    sequence += 1;
    if (Number(entry.sequence) !== sequence || entry.previous_hash !== hash) return `link ${sequence}`;
    if (entry.hash !== expectedHash(entry)) return `hash ${sequence}`;
    hash = entry.hash;
  }
  return Number(head.sequence) === sequence && head.hash === hash ? null : 'head';
}

test('the hash covers every text, behind its length', async () => {
  const texts = { action: 'command.run', detail: '{"argv":["ž","🚀",""]}', target_id: 'é', intent_digest: 'abc' };
  const returned = await inTransaction((client) => append(client, texts));
  const { entries } = await chain();
  expect(entries[0]).toMatchObject({
    ...texts,
    ...returned,
    actor_id: tenant.userId,
    previous_hash: GENESIS,
    sequence: '1',
  });
  expect(entries[0]?.hash).toBe(expectedHash(entries[0]!));
  expect(entries[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test.each([
  ['a text', `update audit_entries set detail = '{"x":1}' where chain = $1 and sequence = 3`, 'hash 3'],
  [
    'the border between two texts',
    `update audit_entries set actor_kind = 'US', actor_id = 'ER' || actor_id where chain = $1 and sequence = 3`,
    'hash 3',
  ],
  ['an entry that is gone', 'delete from audit_entries where chain = $1 and sequence = 3', 'link 3'],
  ['the last entry gone', 'delete from audit_entries where chain = $1 and sequence = 5', 'head'],
])('the chain shows %s', async (_what, tampering, fault) => {
  for (let n = 0; n < 5; n += 1) await inTransaction((client) => append(client));
  expect(firstFault(await chain())).toBeNull();
  await admin.query(tampering, [tenant.workspaceId]);
  expect(firstFault(await chain())).toBe(fault);
});

test('20 concurrent appenders, some of which roll back, leave a chain without gap', async () => {
  const appender = async (name: number) => {
    for (let n = 0; n < 10; n += 1) {
      const work = inTransaction(async (client) => {
        await append(client, { actor_id: `${name}`, detail: `${n}` });
        if (n % 5 === 4) throw new Error('changed its mind');
      });
      if (n % 5 === 4) await expect(work).rejects.toThrow('changed its mind');
      else await work;
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, name) => appender(name)));
  const { entries, head } = await chain();
  expect(entries).toHaveLength(160);
  expect(firstFault({ entries, head })).toBeNull();
  const ofOne = entries.filter(({ actor_id: actor }) => actor === '7').map(({ detail }) => detail);
  expect(ofOne).toEqual(['0', '1', '2', '3', '5', '6', '7', '8']);
});

test('an append that is rolled back leaves no trace, also of the first entry', async () => {
  const work = inTransaction(async (client) => {
    await append(client);
    throw new Error('rolled back');
  });
  await expect(work).rejects.toThrow('rolled back');
  expect(await chain()).toEqual({ entries: [], head: undefined });
});

test('what happens outside a workspace has a chain of its own, which no workspace sees', async () => {
  const visible = await inTransaction(async (client) => {
    await append(client, { action: 'sign-in.failed' }, 'yes');
    return client.query('select * from audit_entries');
  });
  expect(visible.rows).toEqual([]);
  const installation = await chain('installation');
  expect(installation.entries.map(({ action }) => action)).toEqual(['sign-in.failed']);
  expect(firstFault(installation)).toBeNull();
});

/** As if the first entries had been appended so long ago. */
async function age(count: number, interval: string): Promise<void> {
  const { entries } = await chain();
  const { rows } = await admin.query<{ time: string }>(
    `select to_char((now() - $1::interval) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time`,
    [interval],
  );
  let hash = GENESIS;
  for (const [index, entry] of entries.entries()) {
    const aged = { ...entry, previous_hash: hash, time: index < count ? rows[0]!.time : entry.time };
    hash = expectedHash(aged);
    await admin.query(
      'update audit_entries set previous_hash = $3, time = $4, hash = $5 where chain = $1 and sequence = $2',
      [entry.chain, entry.sequence, aged.previous_hash, aged.time, hash],
    );
  }
  await admin.query('update audit_heads set hash = $2 where chain = $1', [tenant.workspaceId, hash]);
}

test('pruning removes what is older, moves the base, and the rest still verifies', async () => {
  for (let n = 0; n < 10; n += 1) await inTransaction((client) => append(client));
  await age(5, '401 days');
  const jobs = new Client({ connectionString: database.jobsUrl });
  await jobs.connect();
  const before = await chain();
  const prune = async () =>
    (await jobs.query(`select prune_audit(now() - interval '400 days') as removed`)).rows[0].removed;

  expect(await prune()).toBe('5');
  const kept = await chain();
  expect(kept.entries).toEqual(before.entries.slice(5));
  expect(kept.head).toMatchObject({ base_sequence: '5', base_hash: before.entries[4]?.hash });
  expect(firstFault(kept)).toBeNull();
  expect(await prune()).toBe('0');

  await inTransaction((client) => append(client));
  const after = await chain();
  expect(after.entries.map(({ sequence }) => sequence)).toEqual(['6', '7', '8', '9', '10', '11']);
  expect(firstFault(after)).toBeNull();
  await jobs.end();
});

test('goes on from its head when pruning has removed all of it', async () => {
  for (let n = 0; n < 3; n += 1) await inTransaction((client) => append(client));
  await age(3, '401 days');
  await admin.query(`select prune_audit(now() - interval '400 days')`);
  await inTransaction((client) => append(client));
  const after = await chain();
  expect(after.entries.map(({ sequence }) => sequence)).toEqual(['4']);
  expect(firstFault(after)).toBeNull();
});
