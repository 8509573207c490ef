import { randomBytes, randomUUID } from 'node:crypto';
import { API_LIMITS, COMMAND_LIMITS } from '@pilothouse/protocol';
import { seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { SealingKey } from '../../kernel/sealing.js';
import { FeatureHarness } from '../../testing/feature-harness.js';
import { createCommandTemplatesFeature } from './index.js';

const PROGRAM = 'program { argv script interpreter workingDirectory user environmentNames hasStdin }';
const FIELDS = `id name description ${PROGRAM} timeoutMs priority concurrency idempotent createdBy { kind id } createdAt updatedAt`;
const TEMPLATE = `__typename ... on CommandTemplate { ${FIELDS} } ... on Refusal { code message }`;
const CREATE = `mutation ($input: CreateCommandTemplateInput!) { createCommandTemplate(input: $input) { ${TEMPLATE}
  ... on QuotaReached { quota limit } } }`;
const UPDATE = `mutation ($input: UpdateCommandTemplateInput!) { updateCommandTemplate(input: $input) { ${TEMPLATE} } }`;
const DELETE = `mutation ($input: DeleteCommandTemplateInput!) { deleteCommandTemplate(input: $input) {
  ... on CommandTemplateDeleted { id } } }`;
const LIST = `query ($first: Int, $after: String, $filter: CommandTemplateFilterInput) {
  commandTemplates(first: $first, after: $after, filter: $filter) {
    nodes { name } pageInfo { hasNextPage endCursor } } }`;
const ONE = `query ($id: ID!) { commandTemplate(id: $id) { ${FIELDS} } }`;
const CHANGED = `subscription ($afterSeq: SafeInt) {
  commandTemplateChanged(afterSeq: $afterSeq) { seq templateId template { name } } }`;
const UNKNOWN = '018f0000-0000-7000-8000-000000000000';
const UPTIME = { argv: ['uptime'] };

const sealing = new SealingKey(randomBytes(32));
let harness: FeatureHarness;
let templates: ReturnType<typeof createCommandTemplatesFeature>;
let member: SeededWorkspace;
let operator: WorkspaceContext;

beforeAll(async () => {
  harness = await FeatureHarness.start();
  const { database, bus } = harness;
  templates = createCommandTemplatesFeature({ database, bus, sealing });
  await harness.serve(templates.resolvers);
});

afterAll(() => harness.stop());

beforeEach(async () => {
  member = await seedWorkspace(harness.db);
  operator = harness.as(member, 'OPERATOR');
});

const tryCreate = (input: object, ctx = operator) =>
  harness.ask(ctx, CREATE, { input: { name: 'Uptime', command: UPTIME, idempotencyKey: randomUUID(), ...input } });
const tryUpdate = (input: object, ctx = operator) => harness.ask(ctx, UPDATE, { input });
const create = async (input: object = {}, ctx = operator) => (await tryCreate(input, ctx)).data?.createCommandTemplate;
const update = async (input: object, ctx = operator) => (await tryUpdate(input, ctx)).data?.updateCommandTemplate;
const remove = (id: string, ctx = operator) => harness.ask(ctx, DELETE, { input: { templateId: id } });
const one = async (id: string, ctx = operator) => (await harness.ask(ctx, ONE, { id })).data?.commandTemplate;
const names = async (variables: object = {}, ctx = operator): Promise<string[]> =>
  (await harness.ask(ctx, LIST, { ...variables })).data.commandTemplates.nodes.map(
    ({ name }: { name: string }) => name,
  );

/** Templates of this workspace straight into the table. */
const fill = (count: number) =>
  harness.sql(
    `insert into command_templates (id, workspace_id, name, arguments, created_by, created_at, updated_at)
     select gen_random_uuid(), $1, 'filler ' || n, '{"argv": ["true"], "environment": []}', $2, now(), now()
       from generate_series(1, $3::int) n`,
    [member.workspaceId, member.userId, count],
  );
const records = () =>
  harness.sql<{ action: string; detail: string }>(
    'select action, detail from audit_entries where chain = $1 order by sequence',
    [member.workspaceId],
  );

describe('saving a command', () => {
  test('keeps all of it, and fills in what was left out', async () => {
    const command = {
      script: 'uptime\n',
      interpreter: 'BASH',
      workingDirectory: '/srv',
      user: 'deploy',
      environment: [{ name: 'STAGE', value: 'prod' }],
      timeoutMs: 5000,
      priority: 7,
      concurrency: 2,
      idempotent: true,
    };
    const whole = await create({ name: ' Load ', description: ' two\r\nlines\t', command });
    expect(whole).toMatchObject({
      name: 'Load',
      description: 'two\nlines',
      createdBy: { kind: 'USER', id: member.userId },
    });
    expect(whole).toMatchObject({ timeoutMs: 5000, priority: 7, concurrency: 2, idempotent: true });
    expect(whole.program).toEqual({
      argv: null,
      script: 'uptime\n',
      interpreter: 'BASH',
      workingDirectory: '/srv',
      user: 'deploy',
      environmentNames: ['STAGE'],
      hasStdin: false,
    });
    expect(await one(whole.id)).toEqual({ ...whole, __typename: undefined });
    const least = await create();
    expect(least).toMatchObject({ description: '', priority: 0, concurrency: null, idempotent: false });
    expect(least.timeoutMs).toBe(COMMAND_LIMITS.defaultTimeoutMs);
    expect(least.program).toMatchObject({ argv: ['uptime'], interpreter: null, user: null, environmentNames: [] });
  });

  test('refuses a name in use, whatever its capitals, and takes it in another workspace', async () => {
    await create({ name: 'Uptime' });
    expect(await create({ name: 'uptime ' })).toMatchObject({
      __typename: 'TemplateNameTaken',
      code: 'TEMPLATE_NAME_TAKEN',
    });
    const elsewhere = harness.as(await seedWorkspace(harness.db), 'OPERATOR');
    expect((await create({ name: 'uptime' }, elsewhere)).name).toBe('uptime');
  });

  test('under the same key makes one template, also at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => create({ idempotencyKey: 'a' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await names()).toEqual(['Uptime']);
    const elsewhere = harness.as({ ...(await seedWorkspace(harness.db)), userId: member.userId }, 'OPERATOR');
    expect((await create({ idempotencyKey: 'a' }, elsewhere)).id).not.toBe(made[0].id);
  });

  test('of one name eight times at once makes one template and seven refusals', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => create()));
    const refused = made.filter(({ __typename }) => __typename === 'TemplateNameTaken');
    expect(refused).toHaveLength(7);
    expect(await names()).toEqual(['Uptime']);
  });

  test('takes as many as a workspace may have, and no more', async () => {
    await fill(999);
    expect((await create({ name: 'last', idempotencyKey: 'last' })).__typename).toBe('CommandTemplate');
    expect(await create({ name: 'too many' })).toMatchObject({
      __typename: 'QuotaReached',
      code: 'QUOTA_REACHED',
      quota: 'COMMAND_TEMPLATES',
      limit: 1000,
    });
    expect((await create({ name: 'last', idempotencyKey: 'last' })).name).toBe('last');
  });

  test.each([
    { name: 'n'.repeat(100) },
    { description: '👍'.repeat(1000) },
    { idempotencyKey: 'k'.repeat(100) },
    { command: { argv: ['a', ...Array.from({ length: 255 }, () => 'b')] } },
    { command: { script: 's'.repeat(256 * 1024) } },
  ])('takes what is just within its limit: case %#', async (input) => {
    expect((await create(input)).__typename).toBe('CommandTemplate');
  });

  test.each([
    { name: ' ' },
    { name: 'n'.repeat(101) },
    { name: 'a\0b' },
    { name: 'a\nb' },
    { name: 'half \ud83d' },
    { description: '👍'.repeat(1001) },
    { description: 'a\0b' },
    { description: 'a\u001bb' },
    { description: 'half \ud83d' },
    { idempotencyKey: '' },
    { idempotencyKey: 'k'.repeat(101) },
    { command: {} },
    { command: { argv: ['a'], script: 'b' } },
    { command: { argv: [] } },
    { command: { argv: ['a', ...Array.from({ length: 256 }, () => 'b')] } },
    { command: { argv: ['a\0b'] } },
    { command: { argv: ['half \ud83d'] } },
    { command: { script: 's'.repeat(256 * 1024 + 1) } },
    { command: { script: 'a\0b' } },
    { command: { ...UPTIME, workingDirectory: 'srv' } },
    { command: { ...UPTIME, user: '-x' } },
    { command: { ...UPTIME, environment: [{ name: 'A', value: 'a\0b' }] } },
    { command: { ...UPTIME, environment: ['A', 'A'].map((name) => ({ name, value: '' })) } },
    { command: { ...UPTIME, timeoutMs: COMMAND_LIMITS.maxTimeoutMs + 1 } },
    { command: { ...UPTIME, timeoutMs: -1 } },
    { command: { ...UPTIME, priority: COMMAND_LIMITS.maxPriority + 1 } },
    { command: { ...UPTIME, concurrency: 0 } },
  ])('refuses what is not acceptable and changes nothing: case %#', async (input) => {
    expect((await tryCreate(input)).code).toBe('BAD_USER_INPUT');
    expect(await names()).toEqual([]);
    expect(await records()).toEqual([]);
  });

  test('has no place for standard input', async () => {
    const { message } = await tryCreate({ command: { ...UPTIME, stdin: 'AA==' } });
    expect(message).toContain('"stdin" is not defined by type "SavedCommandInput"');
  });
});

describe('changing a template', () => {
  test('changes what is given and nothing else', async () => {
    const { id } = await create({ description: 'before', command: { ...UPTIME, user: 'deploy', timeoutMs: 5000 } });
    expect(await update({ templateId: id, name: 'UPTIME' })).toMatchObject({ name: 'UPTIME', description: 'before' });
    expect(await update({ templateId: id, description: '' })).toMatchObject({
      name: 'UPTIME',
      description: '',
      timeoutMs: 5000,
    });
    const changed = await update({ templateId: id, command: { script: 'w' } });
    expect(changed).toMatchObject({ name: 'UPTIME', timeoutMs: COMMAND_LIMITS.defaultTimeoutMs });
    expect(changed.program).toMatchObject({ argv: null, script: 'w', interpreter: 'SH', user: null });
    expect(changed.updatedAt.getTime()).toBeGreaterThan(changed.createdAt.getTime());
  });

  test('keeps an environment that is left out, replaces one that is given, and drops it for null', async () => {
    const { id } = await create({ command: { ...UPTIME, environment: [{ name: 'A', value: 'kept' }] } });
    const stored = async () =>
      (await harness.database.read(operator, (tx) => templates.directory.find(tx, id)))?.command.environment;
    await update({
      templateId: id,
      command: { ...UPTIME, timeoutMs: 5000, priority: 3, concurrency: 2, idempotent: true },
    });
    expect(await stored()).toEqual([{ name: 'A', value: 'kept' }]);
    await update({ templateId: id, command: { argv: ['w'], environment: [{ name: 'B', value: '' }] } });
    expect(await stored()).toEqual([{ name: 'B', value: '' }]);
    await update({ templateId: id, command: { argv: ['w'], environment: null } });
    expect(await stored()).toEqual([]);
  });

  test.each<[string, object]>([
    ['another program', { argv: ['env'] }],
    ['another argument', { argv: ['uptime', '-p'] }],
    ['a script', { script: 'env' }],
    ['another directory', { ...UPTIME, workingDirectory: '/tmp' }],
    ['another user', { ...UPTIME, user: 'nobody' }],
  ])('never hands a hidden environment to %s: it is given anew, or dropped', async (_what, command) => {
    const environment = [{ name: 'TOKEN', value: 'canary-2b9c' }];
    const { id } = await create({ command: { ...UPTIME, environment } });
    const before = await one(id);
    expect(await update({ templateId: id, command })).toEqual({
      __typename: 'TemplateEnvironmentNeeded',
      code: 'TEMPLATE_ENVIRONMENT_NEEDED',
      message: expect.stringContaining('TOKEN'),
    });
    expect(await one(id)).toEqual(before);
    expect((await update({ templateId: id, command: { ...command, environment } })).program.environmentNames).toEqual([
      'TOKEN',
    ]);
    const dropped = await update({ templateId: id, command: { argv: ['w'], environment: null } });
    expect(dropped.program).toMatchObject({ argv: ['w'], environmentNames: [] });
    expect(await update({ templateId: id, command: { argv: ['id'] } })).toMatchObject({
      __typename: 'CommandTemplate',
    });
  });

  test('another interpreter is another program to a hidden environment', async () => {
    const environment = [{ name: 'TOKEN', value: 'canary-5d10' }];
    const { id } = await create({ command: { script: 'true', interpreter: 'SH', environment } });
    expect((await update({ templateId: id, command: { script: 'true' } })).__typename).toBe('CommandTemplate');
    expect((await update({ templateId: id, command: { script: 'true', interpreter: 'BASH' } })).code).toBe(
      'TEMPLATE_ENVIRONMENT_NEEDED',
    );
  });

  test('refuses another’s name and what is not acceptable', async () => {
    const { id } = await create();
    await create({ name: 'Other' });
    expect((await update({ templateId: id, name: 'OTHER' })).code).toBe('TEMPLATE_NAME_TAKEN');
    for (const input of [
      { name: '' },
      { name: 'a\0b' },
      { description: '\0' },
      { command: { argv: [''] } },
      { command: {} },
    ]) {
      expect((await tryUpdate({ templateId: id, ...input })).code, JSON.stringify(input)).toBe('BAD_USER_INPUT');
    }
    expect((await one(id)).name).toBe('Uptime');
    expect(await records()).toHaveLength(2);
  });

  test('a deleted template is gone, and its name is free', async () => {
    const { id } = await create();
    expect((await remove(id)).data.deleteCommandTemplate).toEqual({ id });
    expect(await one(id)).toBeUndefined();
    expect((await remove(id)).code).toBe('NOT_FOUND');
    expect((await create()).id).not.toBe(id);
  });
});

describe('the environment of a template', () => {
  const VALUE = 'canary-91ce';
  const saved = () => create({ command: { ...UPTIME, environment: [{ name: 'TOKEN', value: VALUE }] } });
  const find = (id: string) => harness.database.read(operator, (tx) => templates.directory.find(tx, id));

  test('is stored sealed, shows in no answer, and is whole for who runs it', async () => {
    const { id } = await saved();
    expect((await one(id)).program.environmentNames).toEqual(['TOKEN']);
    const rows = await harness.sql<{ row: string; sealed: Buffer }>(
      'select t::text as row, sealed_environment as sealed from command_templates t where id = $1',
      [id],
    );
    expect(rows[0]!.row).not.toContain(VALUE);
    expect(rows[0]!.sealed.toString('latin1')).not.toContain(VALUE);
    expect((await find(id))?.command.environment).toEqual([{ name: 'TOKEN', value: VALUE }]);
    const plain = await create({ name: 'plain' });
    expect(
      await harness.sql('select sealed_environment as s from command_templates where id = $1', [plain.id]),
    ).toEqual([{ s: null }]);
  });

  test('does not open in another template’s row', async () => {
    const { id } = await saved();
    const other = await create({ name: 'other', command: { argv: ['env'] } });
    await harness.sql(
      `update command_templates t set sealed_environment = s.sealed_environment
         from command_templates s where s.id = $1 and t.id = $2`,
      [id, other.id],
    );
    await expect(find(other.id)).rejects.toThrow('unable to authenticate');
    expect((await one(other.id)).name).toBe('other');
  });
});

describe('templates', () => {
  test('are listed by name, page after page', async () => {
    for (const name of ['delta', 'Alpha', 'charlie', 'Bravo']) await create({ name });
    const first = (await harness.ask(operator, LIST, { first: 3 })).data.commandTemplates;
    expect(first.nodes.map(({ name }: { name: string }) => name)).toEqual(['Alpha', 'Bravo', 'charlie']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(await names({ first: 3, after: first.pageInfo.endCursor })).toEqual(['delta']);
  });

  test('are found by a part of name or description, taken as it is written', async () => {
    await create({ name: '100% load' });
    await create({ name: 'Restart', description: 'NGINX and its_friends' });
    expect(await names({ filter: { search: '0% L' } })).toEqual(['100% load']);
    expect(await names({ filter: { search: ' nginx ' } })).toEqual(['Restart']);
    expect(await names({ filter: { search: '_' } })).toEqual(['Restart']);
    expect(await names({ filter: { search: '' } })).toEqual(['100% load', 'Restart']);
    expect(await names({ filter: { search: 'uptime' } })).toEqual([]);
    expect(await names({ filter: { search: 's'.repeat(200) } })).toEqual([]);
  });

  test.each([
    { first: 0 },
    { first: API_LIMITS.maxPageSize + 1 },
    { after: 'x' },
    { after: Buffer.from(JSON.stringify(['a\0', UNKNOWN])).toString('base64url') },
    { filter: { search: 'a\0b' } },
    { filter: { search: 's'.repeat(201) } },
  ])('are not listed by %j', async (variables) => {
    expect((await harness.ask(operator, LIST, variables)).code).toBe('BAD_USER_INPUT');
  });

  test('are read by every member, changed by operators and stronger', async () => {
    const { id } = await create();
    for (const role of ['VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER'] as const) {
      const ctx = harness.as(member, role);
      expect((await one(id, ctx)).id, role).toBe(id);
      expect(await names({}, ctx), role).toEqual(['Uptime']);
      const expected = role === 'VIEWER' || role === 'DEPLOYER' ? 'FORBIDDEN' : undefined;
      const made = await tryCreate({ name: role }, ctx);
      expect(made.code, role).toBe(expected);
      expect((await tryUpdate({ templateId: id, description: role }, ctx)).code, role).toBe(expected);
      expect((await remove(made.data?.createCommandTemplate.id ?? id, ctx)).code, role).toBe(expected);
    }
  });

  test('are not changed by a grant on a server', async () => {
    const { id } = await create();
    const granted = {
      ...harness.as(member, 'VIEWER'),
      grants: [{ role: 'OWNER' as const, serverId: UNKNOWN, tag: null }],
    };
    expect((await tryCreate({ name: 'b' }, granted)).code).toBe('FORBIDDEN');
    expect((await tryUpdate({ templateId: id, name: 'b' }, granted)).code).toBe('FORBIDDEN');
    expect((await remove(id, granted)).code).toBe('FORBIDDEN');
  });

  test('are changed by tokens that may manage, in the name of their person', async () => {
    const token = (scopes: readonly ('READ' | 'RUN' | 'MANAGE')[]) => ({
      ...operator,
      actor: { kind: 'API_TOKEN' as const, id: UNKNOWN, userId: member.userId, scopes },
    });
    expect((await tryCreate({}, token(['READ', 'RUN']))).code).toBe('FORBIDDEN');
    expect((await create({}, token(['MANAGE']))).createdBy.id).toBe(member.userId);
    expect((await harness.ask(token(['MANAGE']), LIST)).code).toBe('FORBIDDEN');
    expect(await names({}, token(['READ']))).toEqual(['Uptime']);
  });

  test('are put on record, without values of the environment', async () => {
    const environment = [{ name: 'TOKEN', value: 'canary-7f3a' }];
    const { id } = await create({ command: { ...UPTIME, environment } });
    await update({ templateId: id, name: 'Renamed' });
    await update({ templateId: id, command: { script: 'w', environment } });
    await remove(id);
    const entries = await records();
    expect(entries.map(({ action }) => action)).toEqual([
      'command-template-created',
      'command-template-updated',
      'command-template-updated',
      'command-template-deleted',
    ]);
    const details = entries.map(({ detail }) => JSON.parse(detail));
    expect(details[0]).toMatchObject({ name: 'Uptime', program: ['uptime'], environmentNames: ['TOKEN'] });
    expect(details[1]).toMatchObject({ name: 'Renamed', previousName: 'Uptime' });
    expect(details[1]).not.toHaveProperty('program');
    expect(details[2]).toMatchObject({ name: 'Renamed', program: { script: 'w' }, environmentNames: ['TOKEN'] });
    expect(details[3]).toMatchObject({ name: 'Renamed' });
    expect(JSON.stringify(details)).not.toContain('canary-7f3a');
  });

  test('another workspace cannot see, change or delete them', async () => {
    const { id } = await create();
    const stranger = harness.as(await seedWorkspace(harness.db), 'OWNER');
    expect(await names({}, stranger)).toEqual([]);
    const missing = { data: null, code: 'NOT_FOUND', message: 'The template was not found.' };
    for (const guess of [id, UNKNOWN, 'x\0', '']) {
      expect(await harness.ask(stranger, ONE, { id: guess })).toEqual(missing);
      expect(await tryUpdate({ templateId: guess, name: 'b' }, stranger)).toEqual(missing);
      expect(await remove(guess, stranger)).toEqual(missing);
    }
    expect((await one(id)).name).toBe('Uptime');
  });
});

describe('following templates', () => {
  test('tells of new, changed and deleted ones in order, and resumes after a number', async () => {
    const { id } = await create({ name: 'a' });
    await create({ name: 'b' });
    const all = harness.follow(operator, CHANGED, { afterSeq: 0 });
    expect((await all.next()).value?.data.commandTemplateChanged).toEqual({
      seq: 1,
      templateId: id,
      template: { name: 'a' },
    });
    expect((await all.next()).value?.data.commandTemplateChanged).toMatchObject({ seq: 2, template: { name: 'b' } });
    await update({ templateId: id, name: 'c' });
    expect((await all.next()).value?.data.commandTemplateChanged).toEqual({
      seq: 3,
      templateId: id,
      template: { name: 'c' },
    });
    await remove(id);
    expect((await all.next()).value?.data.commandTemplateChanged).toEqual({ seq: 4, templateId: id, template: null });
    await all.return();
    const resumed = harness.follow(operator, CHANGED, { afterSeq: 3 });
    expect((await resumed.next()).value?.data.commandTemplateChanged).toEqual({
      seq: 4,
      templateId: id,
      template: null,
    });
    await resumed.return();
  });

  test('another workspace cannot follow them', async () => {
    await create({ name: 'ours' });
    const stranger = harness.as(await seedWorkspace(harness.db), 'OWNER');
    await create({ name: 'theirs' }, stranger);
    const live = harness.follow(stranger, CHANGED, { afterSeq: 0 });
    expect((await live.next()).value?.data.commandTemplateChanged).toMatchObject({
      seq: 1,
      template: { name: 'theirs' },
    });
    await live.return();
  });

  test('refuses a number that cannot be', async () => {
    expect((await harness.follow(operator, CHANGED, { afterSeq: -1 }).next()).value?.code).toBe('BAD_USER_INPUT');
    expect((await harness.follow(operator, CHANGED, { afterSeq: 1 }).next()).value?.code).toBe('BAD_USER_INPUT');
  });
});
