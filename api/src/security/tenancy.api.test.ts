import { isScalarType } from 'graphql';
import { seedEveryTable } from '@pilothouse/db/testing';
import { v4 as uuidv4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestContext } from '../kernel/request-context.js';
import { describeSchemas } from '../main/composition/schemas.js';
import { TestApi } from '../testing/index.js';
import { contextOf, seedMember } from './testing/callers.js';
import {
  argumentsOf,
  documentOf,
  idPlaces,
  perform,
  resultOf,
  rootFields,
  type Result,
  type RootField,
} from './testing/operations.js';

const { user: schema } = await describeSchemas();
const fields = rootFields(schema);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** In every text of workspace A. */
const MARK = 'only-in-a';

const COMMAND = {
  program: { type: 'argv', argv: ['true'] },
  workingDirectory: null,
  user: null,
  environmentNames: [],
  hasStdin: false,
  priority: 0,
};
const SAVED_COMMAND = { argv: ['true'], environmentNames: [], timeoutMs: 1000, priority: 0, idempotent: false };
const LIMITS = { timeoutMs: 1000, concurrency: 1, keptHeadBytes: 0, keptTailBytes: 0 };

let api: TestApi;
/** Ids of everything in A, by the name of what shows them, and the cursors of its lists. */
const seen = { ids: new Set<string>(), cursors: new Set<string>(), texts: '' };
let workspaceA: string;
let workspaceB: string;

beforeAll(async () => {
  api = await TestApi.start();
  const { workspaceId, userId } = await seedEveryTable(api.db);
  workspaceA = workspaceId;
  for (const [table, column] of [
    ['workspaces', 'name'],
    ['servers', 'name'],
    ['server_groups', 'name'],
    ['command_templates', 'name'],
    ['api_tokens', 'name'],
    ['server_tags', 'tag'],
  ]) {
    await api.sql(`update ${table} set ${column} = '${MARK} ' || ${column}`);
  }
  ({ workspaceId: workspaceB } = await seedEveryTable(api.db));
  await api.sql(`update commands set arguments = $1, limits = $2`, [COMMAND, LIMITS]);
  await api.sql('update command_runs set arguments = $1', [COMMAND]);
  await api.sql('update command_templates set arguments = $1', [SAVED_COMMAND]);
  await api.sql(`update users set display_name = '${MARK}' where id = $1`, [userId]);
  await look(await ownerOf(workspaceA));
});
afterAll(() => api.stop());

const ownerOf = async (workspaceId: string) =>
  contextOf(api, (await seedMember(api, workspaceId, 'OWNER')).token, workspaceId);

async function ask(
  root: RootField,
  ctx: RequestContext,
  choose: (place: string) => unknown = () => undefined,
): Promise<Result> {
  const variables = argumentsOf(root.field, choose);
  return perform(api.controlPlane.schema, { document: documentOf(root, variables, 3), variables }, ctx);
}

/** Reads every list of A to its end, page by page, and then every single thing by the ids found. */
async function look(ctx: RequestContext): Promise<void> {
  const queries = fields.filter(({ root }) => root === 'Query');
  for (const query of queries.filter(({ field }) =>
    idPlaces(field).every((place) => place.includes('ilter') || place === 'serverIds'),
  )) {
    note(await ask(query, ctx));
    note(await ask(query, ctx, (place) => (place === 'first' ? 1 : undefined)));
  }
  const found = [...seen.ids];
  for (const query of queries.filter(({ field }) => idPlaces(field).length > 0)) {
    for (const id of found) note(await ask(query, ctx, (place) => (isRequired(query, place) ? id : undefined)));
  }
}

const isRequired = ({ field }: RootField, place: string) => idPlaces(field).includes(place) && !place.includes('ilter');

function note({ data, code, message }: Result): void {
  if (code !== undefined && code !== 'NOT_FOUND') throw new Error(`${code}: ${message}`);
  seen.texts += JSON.stringify(data ?? null, (key, value: unknown) => {
    if (typeof value === 'string' && /(^|_)(id|.*Id)$/.test(key) && value.match(UUID)?.[0] === value)
      seen.ids.add(value);
    if (typeof value === 'string' && key.endsWith('endCursor')) seen.cursors.add(value);
    return value;
  });
}

/** Every row of A in every table that has a tenant, as one digest for each table. */
async function digests(): Promise<Record<string, string | null>> {
  const tables = await api.sql<{ name: string }>(
    `select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'workspace_id'
        and table_name in (select tablename from pg_tables where schemaname = 'public')`,
  );
  const entries: [string, string | null][] = [];
  for (const { name } of tables) {
    const [row] = await api.sql<{ digest: string | null }>(
      `select md5(string_agg(t::text, '|' order by t::text)) as digest from ${name} t where workspace_id = $1`,
      [workspaceA],
    );
    entries.push([name, row!.digest]);
  }
  return Object.fromEntries(entries);
}

/** An answer without what differs from one time to the next. */
const shape = ({ data, code, message }: Result) =>
  JSON.stringify({ code, message, data })
    .replaceAll(UUID, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/"(\w+_)?(token|secret|otpauthUri|code|hint|name|hash|sequence)":"[^"]*"/g, '"$1$2":"<text>"');

test.each([
  'workspaces',
  'users',
  'sessions',
  'api_tokens',
  'invitations',
  'grants',
  'servers',
  'server_groups',
  'agent_connections',
  'commands',
  'command_runs',
  'command_templates',
])('the owner of A sees ids of %s, to be tried below', async (table) => {
  const rows = await api.sql<{ id: string }>(`select id from ${table}`);
  expect(rows.filter(({ id }) => seen.ids.has(id)).length).toBeGreaterThan(0);
});

test('the owner of A sees the marked texts and cursors of A', () => {
  expect(seen.texts).toContain(MARK);
  expect(seen.cursors.size).toBeGreaterThanOrEqual(2);
});

const asking = fields.flatMap((root) => idPlaces(root.field).map((place) => ({ ...root, place })));

describe.each(asking.filter(({ root }) => root !== 'Subscription'))('$name at $place', (root) => {
  test('answers the owner of B alike for every id of A and for one that nobody has', async () => {
    const before = await digests();
    const asB = async (id: string) =>
      ask(root, await ownerOf(workspaceB), (place) => (place === root.place ? id : undefined));
    const unknown = await asB(uuidv4());
    expect(['INTERNAL', 'FORBIDDEN', 'UNAUTHENTICATED', 'STEP_UP_REQUIRED'], unknown.message).not.toContain(
      unknown.code,
    );
    for (const id of seen.ids) {
      const answer = await asB(id);
      expect(shape(answer), id).toBe(shape(unknown));
      const text = JSON.stringify(answer);
      expect(text).not.toContain(MARK);
      expect((text.match(UUID) ?? []).filter((other) => other !== id && seen.ids.has(other))).toEqual([]);
    }
    expect(await digests()).toEqual(before);
  });
});

describe.each(fields.filter(({ root, field }) => root === 'Query' && field.args.some(({ name }) => name === 'after')))(
  '$name with a cursor of A',
  (root) => {
    test('shows the owner of B nothing of A', async () => {
      const asB = await ownerOf(workspaceB);
      for (const cursor of seen.cursors) {
        const answer = await ask(root, asB, (place) => (place === 'after' ? cursor : undefined));
        expect([undefined, 'BAD_USER_INPUT'], answer.message).toContain(answer.code);
        const text = JSON.stringify(answer.data);
        expect(text).not.toContain(MARK);
        expect((text.match(UUID) ?? []).filter((id) => seen.ids.has(id))).toEqual([]);
      }
    });
  },
);

/** What each subscription to changes is about, and the ids of it that a workspace ($1) has. */
const CHANGES: Readonly<Record<string, { kind: string; ids: string }>> = {
  serverChanged: { kind: 'SERVER', ids: 'select id from servers where workspace_id = $1' },
  serverGroupChanged: { kind: 'GROUP', ids: 'select id from server_groups where workspace_id = $1' },
  commandChanged: { kind: 'COMMAND', ids: 'select id from commands where workspace_id = $1' },
  runChanged: { kind: 'RUN', ids: 'select id from command_runs where workspace_id = $1' },
  commandTemplateChanged: { kind: 'TEMPLATE', ids: 'select id from command_templates where workspace_id = $1' },
  memberChanged: { kind: 'MEMBER', ids: 'select user_id as id from memberships where workspace_id = $1' },
  workspaceChanged: { kind: 'WORKSPACE', ids: 'select id from workspaces where id = $1' },
};

describe.each(asking.filter(({ root }) => root === 'Subscription'))('$name at $place', (root) => {
  /** The first event, or why there is none. A change of A's comes before one of B's: who sees both sees A's first. */
  async function first(id: string, asB: RequestContext): Promise<string> {
    const change = CHANGES[root.field.name];
    const own = change && (await idsOf(change, workspaceB));
    const choose = (place: string) => (place === root.place ? id : undefined);
    const variables = { ...argumentsOf(root.field, choose), ...(own && { [root.place]: [id, ...own] }) };
    const document = documentOf(root, variables, 3);
    const { events, ...refused } = await perform(api.controlPlane.schema, { document, variables }, asB);
    if (!events) return shape(refused);
    const next = events.next();
    if (change) for (const workspaceId of [workspaceA, workspaceB]) await noteChange(change, workspaceId);
    const { value } = await next;
    await events.return();
    return shape(resultOf(value!)).replaceAll(/"seq":\d+/g, '"seq":0');
  }

  test('answers the owner of B alike for every id of A and for one that nobody has', async () => {
    const asB = await ownerOf(workspaceB);
    const unknown = await first(uuidv4(), asB);
    for (const id of seen.ids) {
      const answer = await first(id, asB);
      expect(answer, id).toBe(unknown);
      expect(answer).not.toContain(MARK);
    }
  });
});

const changing = fields.filter(({ root, field }) => root === 'Subscription' && field.name.endsWith('Changed'));

describe.each(changing)('$name', (root) => {
  test('tells the owner of B of no change in A, of whatever id', async () => {
    const change = CHANGES[root.field.name]!;
    const asB = await ownerOf(workspaceB);
    const document = documentOf(root, {}, 3);
    const { events } = await perform(api.controlPlane.schema, { document, variables: {} }, asB);
    const next = events!.next();
    await noteChange(change, workspaceA);
    await noteChange(change, workspaceB);
    const answer = JSON.stringify(resultOf((await next).value!));
    await events!.return();
    const own = await idsOf(change, workspaceB);
    expect(own.some((id) => answer.includes(id))).toBe(true);
    expect(answer).not.toContain(MARK);
    expect((answer.match(UUID) ?? []).filter((id) => seen.ids.has(id))).toEqual([]);
  });
});

async function idsOf({ ids }: { ids: string }, workspaceId: string): Promise<string[]> {
  const rows = await api.sql<{ id: string }>(ids, [workspaceId]);
  return rows.map(({ id }) => id);
}

async function noteChange({ kind, ids }: { kind: string; ids: string }, workspaceId: string): Promise<void> {
  await api.sql(
    `do $$ begin
       perform set_config('app.workspace', '${workspaceId}', true);
       perform event_append('${kind}', id) from (${ids.replace('$1', `'${workspaceId}'`)}) changed;
     end $$`,
  );
  api.controlPlane.parts.bus.publish(`workspace:${workspaceId}`);
}

test('every place where an id can stand is tried above', () => {
  const scalars = Object.values(schema.getTypeMap()).filter((type) => isScalarType(type));
  // Another scalar could hold an id too: `idPlaces` would have to know.
  expect(scalars.map(({ name }) => name).sort()).toEqual([
    'Base64',
    'Boolean',
    'DateTime',
    'Float',
    'ID',
    'Int',
    'SafeInt',
    'String',
  ]);
  expect(asking.length).toBeGreaterThan(40);
});
