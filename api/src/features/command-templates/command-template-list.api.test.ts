import { API_LIMITS } from '@pilothouse/protocol';
import { seedWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LIST, ONE, UNKNOWN, UPTIME, TemplateScene } from './testing/template.scene.js';

const CHANGED = `subscription ($afterSeq: SafeInt) {
  commandTemplateChanged(afterSeq: $afterSeq) { seq templateId template { name } } }`;

const scene = new TemplateScene();
beforeAll(() => scene.start());
afterAll(() => scene.stop());
beforeEach(() => scene.enterNewWorkspace());

describe('templates', () => {
  test('are listed by name, page after page', async () => {
    for (const name of ['delta', 'Alpha', 'charlie', 'Bravo']) await scene.create({ name });
    const first = (await scene.harness.ask(scene.operator, LIST, { first: 3 })).data.commandTemplates;
    expect(first.nodes.map(({ name }: { name: string }) => name)).toEqual(['Alpha', 'Bravo', 'charlie']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(await scene.names({ first: 3, after: first.pageInfo.endCursor })).toEqual(['delta']);
  });

  test('are found by a part of name or description, taken as it is written', async () => {
    await scene.create({ name: '100% load' });
    await scene.create({ name: 'Restart', description: 'NGINX and its_friends' });
    expect(await scene.names({ filter: { search: '0% L' } })).toEqual(['100% load']);
    expect(await scene.names({ filter: { search: ' nginx ' } })).toEqual(['Restart']);
    expect(await scene.names({ filter: { search: '_' } })).toEqual(['Restart']);
    expect(await scene.names({ filter: { search: '' } })).toEqual(['100% load', 'Restart']);
    expect(await scene.names({ filter: { search: 'uptime' } })).toEqual([]);
    expect(await scene.names({ filter: { search: 's'.repeat(200) } })).toEqual([]);
  });

  test.each([
    { first: 0 },
    { first: API_LIMITS.maxPageSize + 1 },
    { after: 'x' },
    { after: Buffer.from(JSON.stringify(['a\0', UNKNOWN])).toString('base64url') },
    { filter: { search: 'a\0b' } },
    { filter: { search: 's'.repeat(201) } },
  ])('are not listed by %j', async (variables) => {
    expect((await scene.harness.ask(scene.operator, LIST, variables)).code).toBe('BAD_USER_INPUT');
  });

  test('are read by every scene.member, changed by operators and stronger', async () => {
    const { id } = await scene.create();
    for (const role of ['VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER'] as const) {
      const ctx = scene.harness.as(scene.member, role);
      expect((await scene.one(id, ctx)).id, role).toBe(id);
      expect(await scene.names({}, ctx), role).toEqual(['Uptime']);
      const expected = role === 'VIEWER' || role === 'DEPLOYER' ? 'FORBIDDEN' : undefined;
      const made = await scene.tryCreate({ name: role }, ctx);
      expect(made.code, role).toBe(expected);
      expect((await scene.tryUpdate({ templateId: id, description: role }, ctx)).code, role).toBe(expected);
      expect((await scene.remove(made.data?.createCommandTemplate.id ?? id, ctx)).code, role).toBe(expected);
    }
  });

  test('are not changed by a grant on a server', async () => {
    const { id } = await scene.create();
    const granted = {
      ...scene.harness.as(scene.member, 'VIEWER'),
      grants: [{ role: 'OWNER' as const, serverId: UNKNOWN, tag: null }],
    };
    expect((await scene.tryCreate({ name: 'b' }, granted)).code).toBe('FORBIDDEN');
    expect((await scene.tryUpdate({ templateId: id, name: 'b' }, granted)).code).toBe('FORBIDDEN');
    expect((await scene.remove(id, granted)).code).toBe('FORBIDDEN');
  });

  test('are changed by tokens that may manage, in the name of their person', async () => {
    const token = (scopes: readonly ('READ' | 'RUN' | 'MANAGE')[]) => ({
      ...scene.operator,
      actor: { kind: 'API_TOKEN' as const, id: UNKNOWN, userId: scene.member.userId, scopes },
    });
    expect((await scene.tryCreate({}, token(['READ', 'RUN']))).code).toBe('FORBIDDEN');
    expect((await scene.create({}, token(['MANAGE']))).createdBy.id).toBe(scene.member.userId);
    expect((await scene.harness.ask(token(['MANAGE']), LIST)).code).toBe('FORBIDDEN');
    expect(await scene.names({}, token(['READ']))).toEqual(['Uptime']);
  });

  test('are put on record, without values of the environment', async () => {
    const environment = [{ name: 'TOKEN', value: 'canary-7f3a' }];
    const { id } = await scene.create({ command: { ...UPTIME, environment } });
    await scene.update({ templateId: id, name: 'Renamed' });
    await scene.update({ templateId: id, command: { script: 'w', environment } });
    await scene.remove(id);
    const entries = await scene.records();
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
    const { id } = await scene.create();
    const stranger = scene.harness.as(await seedWorkspace(scene.harness.db), 'OWNER');
    expect(await scene.names({}, stranger)).toEqual([]);
    const missing = { data: null, code: 'NOT_FOUND', message: 'The template was not found.' };
    for (const guess of [id, UNKNOWN, 'x\0', '']) {
      expect(await scene.harness.ask(stranger, ONE, { id: guess })).toEqual(missing);
      expect(await scene.tryUpdate({ templateId: guess, name: 'b' }, stranger)).toEqual(missing);
      expect(await scene.remove(guess, stranger)).toEqual(missing);
    }
    expect((await scene.one(id)).name).toBe('Uptime');
  });
});

describe('following templates', () => {
  test('tells of new, changed and deleted ones in order, and resumes after a number', async () => {
    const { id } = await scene.create({ name: 'a' });
    await scene.create({ name: 'b' });
    const all = scene.harness.follow(scene.operator, CHANGED, { afterSeq: 0 });
    expect((await all.next()).value?.data.commandTemplateChanged).toEqual({
      seq: 1,
      templateId: id,
      template: { name: 'a' },
    });
    expect((await all.next()).value?.data.commandTemplateChanged).toMatchObject({ seq: 2, template: { name: 'b' } });
    await scene.update({ templateId: id, name: 'c' });
    expect((await all.next()).value?.data.commandTemplateChanged).toEqual({
      seq: 3,
      templateId: id,
      template: { name: 'c' },
    });
    await scene.remove(id);
    expect((await all.next()).value?.data.commandTemplateChanged).toEqual({ seq: 4, templateId: id, template: null });
    await all.return();
    const resumed = scene.harness.follow(scene.operator, CHANGED, { afterSeq: 3 });
    expect((await resumed.next()).value?.data.commandTemplateChanged).toEqual({
      seq: 4,
      templateId: id,
      template: null,
    });
    await resumed.return();
  });

  test('another workspace cannot follow them', async () => {
    await scene.create({ name: 'ours' });
    const stranger = scene.harness.as(await seedWorkspace(scene.harness.db), 'OWNER');
    await scene.create({ name: 'theirs' }, stranger);
    const live = scene.harness.follow(stranger, CHANGED, { afterSeq: 0 });
    expect((await live.next()).value?.data.commandTemplateChanged).toMatchObject({
      seq: 1,
      template: { name: 'theirs' },
    });
    await live.return();
  });

  test('refuses a number that cannot be', async () => {
    expect((await scene.harness.follow(scene.operator, CHANGED, { afterSeq: -1 }).next()).value?.code).toBe(
      'BAD_USER_INPUT',
    );
    expect((await scene.harness.follow(scene.operator, CHANGED, { afterSeq: 1 }).next()).value?.code).toBe(
      'BAD_USER_INPUT',
    );
  });
});
