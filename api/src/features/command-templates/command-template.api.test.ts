import { COMMAND_LIMITS } from '@pilothouse/protocol';
import { seedWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UPTIME, TemplateScene } from './testing/template.scene.js';

const scene = new TemplateScene();
beforeAll(() => scene.start());
afterAll(() => scene.stop());
beforeEach(() => scene.enterNewWorkspace());

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
    const whole = await scene.create({ name: ' Load ', description: ' two\r\nlines\t', command });
    expect(whole).toMatchObject({
      name: 'Load',
      description: 'two\nlines',
      createdBy: { kind: 'USER', id: scene.member.userId },
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
    expect(await scene.one(whole.id)).toEqual({ ...whole, __typename: undefined });
    const least = await scene.create();
    expect(least).toMatchObject({ description: '', priority: 0, concurrency: null, idempotent: false });
    expect(least.timeoutMs).toBe(COMMAND_LIMITS.defaultTimeoutMs);
    expect(least.program).toMatchObject({ argv: ['uptime'], interpreter: null, user: null, environmentNames: [] });
  });

  test('refuses a name in use, whatever its capitals, and takes it in another workspace', async () => {
    await scene.create({ name: 'Uptime' });
    expect(await scene.create({ name: 'uptime ' })).toMatchObject({
      __typename: 'TemplateNameTaken',
      code: 'TEMPLATE_NAME_TAKEN',
    });
    const elsewhere = scene.harness.as(await seedWorkspace(scene.harness.db), 'OPERATOR');
    expect((await scene.create({ name: 'uptime' }, elsewhere)).name).toBe('uptime');
  });

  test('under the same key makes one template, also at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => scene.create({ idempotencyKey: 'a' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await scene.names()).toEqual(['Uptime']);
    const elsewhere = scene.harness.as(
      { ...(await seedWorkspace(scene.harness.db)), userId: scene.member.userId },
      'OPERATOR',
    );
    expect((await scene.create({ idempotencyKey: 'a' }, elsewhere)).id).not.toBe(made[0].id);
  });

  test('of one name eight times at once makes one template and seven refusals', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => scene.create()));
    const refused = made.filter(({ __typename }) => __typename === 'TemplateNameTaken');
    expect(refused).toHaveLength(7);
    expect(await scene.names()).toEqual(['Uptime']);
  });

  test('takes as many as a workspace may have, and no more', async () => {
    await scene.fill(999);
    expect((await scene.create({ name: 'last', idempotencyKey: 'last' })).__typename).toBe('CommandTemplate');
    expect(await scene.create({ name: 'too many' })).toMatchObject({
      __typename: 'QuotaReached',
      code: 'QUOTA_REACHED',
      quota: 'COMMAND_TEMPLATES',
      limit: 1000,
    });
    expect((await scene.create({ name: 'last', idempotencyKey: 'last' })).name).toBe('last');
  });

  test.each([
    { name: 'n'.repeat(100) },
    { description: '👍'.repeat(1000) },
    { idempotencyKey: 'k'.repeat(100) },
    { command: { argv: ['a', ...Array.from({ length: 255 }, () => 'b')] } },
    { command: { script: 's'.repeat(256 * 1024) } },
  ])('takes what is just within its limit: case %#', async (input) => {
    expect((await scene.create(input)).__typename).toBe('CommandTemplate');
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
    expect((await scene.tryCreate(input)).code).toBe('BAD_USER_INPUT');
    expect(await scene.names()).toEqual([]);
    expect(await scene.records()).toEqual([]);
  });

  test('has no place for standard input', async () => {
    const { message } = await scene.tryCreate({ command: { ...UPTIME, stdin: 'AA==' } });
    expect(message).toContain('"stdin" is not defined by type "SavedCommandInput"');
  });
});

describe('changing a template', () => {
  test('changes what is given and nothing else', async () => {
    const { id } = await scene.create({
      description: 'before',
      command: { ...UPTIME, user: 'deploy', timeoutMs: 5000 },
    });
    expect(await scene.update({ templateId: id, name: 'UPTIME' })).toMatchObject({
      name: 'UPTIME',
      description: 'before',
    });
    expect(await scene.update({ templateId: id, description: '' })).toMatchObject({
      name: 'UPTIME',
      description: '',
      timeoutMs: 5000,
    });
    const changed = await scene.update({ templateId: id, command: { script: 'w' } });
    expect(changed).toMatchObject({ name: 'UPTIME', timeoutMs: COMMAND_LIMITS.defaultTimeoutMs });
    expect(changed.program).toMatchObject({ argv: null, script: 'w', interpreter: 'SH', user: null });
    expect(changed.updatedAt.getTime()).toBeGreaterThan(changed.createdAt.getTime());
  });

  test('keeps an environment that is left out, replaces one that is given, and drops it for null', async () => {
    const { id } = await scene.create({ command: { ...UPTIME, environment: [{ name: 'A', value: 'kept' }] } });
    const stored = async () =>
      (await scene.harness.database.read(scene.operator, (tx) => scene.templates.directory.find(tx, id)))?.command
        ?.environment;
    await scene.update({
      templateId: id,
      command: { ...UPTIME, timeoutMs: 5000, priority: 3, concurrency: 2, idempotent: true },
    });
    expect(await stored()).toEqual([{ name: 'A', value: 'kept' }]);
    await scene.update({ templateId: id, command: { argv: ['w'], environment: [{ name: 'B', value: '' }] } });
    expect(await stored()).toEqual([{ name: 'B', value: '' }]);
    await scene.update({ templateId: id, command: { argv: ['w'], environment: null } });
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
    const { id } = await scene.create({ command: { ...UPTIME, environment } });
    const before = await scene.one(id);
    expect(await scene.update({ templateId: id, command })).toEqual({
      __typename: 'TemplateEnvironmentNeeded',
      code: 'TEMPLATE_ENVIRONMENT_NEEDED',
      message: expect.stringContaining('TOKEN'),
    });
    expect(await scene.one(id)).toEqual(before);
    expect(
      (await scene.update({ templateId: id, command: { ...command, environment } })).program.environmentNames,
    ).toEqual(['TOKEN']);
    const dropped = await scene.update({ templateId: id, command: { argv: ['w'], environment: null } });
    expect(dropped.program).toMatchObject({ argv: ['w'], environmentNames: [] });
    expect(await scene.update({ templateId: id, command: { argv: ['id'] } })).toMatchObject({
      __typename: 'CommandTemplate',
    });
  });

  test('another interpreter is another program to a hidden environment', async () => {
    const environment = [{ name: 'TOKEN', value: 'canary-5d10' }];
    const { id } = await scene.create({ command: { script: 'true', interpreter: 'SH', environment } });
    expect((await scene.update({ templateId: id, command: { script: 'true' } })).__typename).toBe('CommandTemplate');
    expect((await scene.update({ templateId: id, command: { script: 'true', interpreter: 'BASH' } })).code).toBe(
      'TEMPLATE_ENVIRONMENT_NEEDED',
    );
  });

  test('refuses another’s name and what is not acceptable', async () => {
    const { id } = await scene.create();
    await scene.create({ name: 'Other' });
    expect((await scene.update({ templateId: id, name: 'OTHER' })).code).toBe('TEMPLATE_NAME_TAKEN');
    for (const input of [
      { name: '' },
      { name: 'a\0b' },
      { description: '\0' },
      { command: { argv: [''] } },
      { command: {} },
    ]) {
      expect((await scene.tryUpdate({ templateId: id, ...input })).code, JSON.stringify(input)).toBe('BAD_USER_INPUT');
    }
    expect((await scene.one(id)).name).toBe('Uptime');
    expect(await scene.records()).toHaveLength(2);
  });

  test('a deleted template is gone, and its name is free', async () => {
    const { id } = await scene.create();
    expect((await scene.remove(id)).data.deleteCommandTemplate).toEqual({ id });
    expect(await scene.one(id)).toBeUndefined();
    expect((await scene.remove(id)).code).toBe('NOT_FOUND');
    expect((await scene.create()).id).not.toBe(id);
  });
});

describe('the environment of a template', () => {
  const VALUE = 'canary-91ce';
  const saved = () => scene.create({ command: { ...UPTIME, environment: [{ name: 'TOKEN', value: VALUE }] } });
  const find = (id: string) =>
    scene.harness.database.read(scene.operator, (tx) => scene.templates.directory.find(tx, id));

  test('is stored sealed, shows in no answer, and is whole for who runs it', async () => {
    const { id } = await saved();
    expect((await scene.one(id)).program.environmentNames).toEqual(['TOKEN']);
    const rows = await scene.harness.sql<{ row: string; sealed: Buffer }>(
      'select t::text as row, sealed_content as sealed from command_templates t where id = $1',
      [id],
    );
    expect(rows[0]!.row).not.toContain(VALUE);
    expect(rows[0]!.sealed.toString('latin1')).not.toContain(VALUE);
    expect((await find(id))?.command?.environment).toEqual([{ name: 'TOKEN', value: VALUE }]);
  });
});

describe('a template that was changed behind the control plane', () => {
  const find = (id: string) =>
    scene.harness.database.read(scene.operator, (tx) => scene.templates.directory.find(tx, id));

  test.each([
    ['its program', `arguments = jsonb_set(arguments, '{argv}', '["evil"]')`],
    ['its user', `arguments = jsonb_set(arguments, '{user}', '"root"')`],
    ['its limits', `arguments = jsonb_set(arguments, '{timeoutMs}', '1000')`],
    ['something more', `arguments = arguments || '{"more": true}'`],
    ['its name', `name = 'Another'`],
    ['what is sealed', 'sealed_content = set_byte(sealed_content, 100, get_byte(sealed_content, 100) # 1)'],
    ['all that is sealed', `sealed_content = '\\x7b7d'`],
  ])('has no command to run, and takes no change, on record: %s', async (_what, change) => {
    const { id } = await scene.create({ command: { ...UPTIME, environment: [{ name: 'A', value: 'b' }] } });
    expect((await find(id))?.command).not.toBeNull();
    await scene.harness.sql(`update command_templates set ${change} where id = $1`, [id]);
    expect((await find(id))?.command).toBeNull();
    for (const input of [{ description: 'new' }, { command: { argv: ['evil'] } }]) {
      const { code, message } = await scene.tryUpdate({ templateId: id, ...input });
      expect({ code, message }).toEqual({ code: 'FORBIDDEN', message: expect.stringContaining('altered') });
    }
    expect((await scene.records()).map(({ action }) => action)).toEqual([
      'command-template-created',
      'command-template-refused',
      'command-template-refused',
    ]);
    await scene.remove(id);
    expect(await scene.names()).toEqual([]);
  });

  test('does not run what was saved for another', async () => {
    const [genuine, other] = [await scene.create(), await scene.create({ name: 'other', command: { argv: ['env'] } })];
    await scene.harness.sql(
      `update command_templates t set sealed_content = s.sealed_content, arguments = s.arguments
         from command_templates s where s.id = $1 and t.id = $2`,
      [genuine.id, other.id],
    );
    expect(await find(other.id)).toMatchObject({ name: 'other', command: null });
    expect((await find(genuine.id))?.command).toMatchObject(UPTIME);
  });
});
