import { createHash, randomUUID } from 'node:crypto';
import { ENROLMENT_LIMITS, ENROLMENT_TOKEN } from '@pilothouse/protocol';
import { seedServer, type SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet } from '../../testing/fleet.js';

const CREATE = `mutation ($input: CreateServerInput!) { createServer(input: $input) { __typename
  ... on ServerEnrolment { server { id name description tags profile scopes protected concurrency state group { id } }
    enrolment { token command installCommand installCommandWithWget rootFingerprint expiresAt } }
  ... on Refusal { code message } } }`;
const REENROL = `mutation ($input: ReenrolServerInput!) { reenrolServer(input: $input) { __typename
  ... on ServerEnrolment { server { id state } enrolment { token installCommand } } ... on Refusal { code message } } }`;

let fleet: Fleet;
let member: SeededWorkspace;
let admin: WorkspaceContext;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

beforeEach(async () => {
  member = await fleet.workspace();
  admin = fleet.harness.as(member, 'ADMIN');
});

const create = (input: object, ctx = admin) =>
  fleet.harness.ask(ctx, CREATE, {
    input: { name: 'web-1', profile: 'OPERATOR', idempotencyKey: randomUUID(), ...input },
  });
const reenrol = (input: object, ctx = admin) => fleet.harness.ask(ctx, REENROL, { input });
const tokensOf = (serverId: string) =>
  fleet.harness.sql<{ token_hash: Buffer; scopes: string[]; open: boolean; created_by: string }>(
    `select token_hash, scopes, used_at is null and revoked_at is null as open, created_by from enrolment_tokens
      where server_id = $1 order by created_at, id`,
    [serverId],
  );
const hashOf = (token: string) => createHash('sha256').update(token).digest();

describe('adding a server', () => {
  test('gives it as asked for, pending, with a token that is shown once and stored as its hash', async () => {
    const input = {
      description: 'Front\nof house',
      tags: ['prod', ' web ', 'prod'],
      protected: true,
      concurrency: 2,
      idempotencyKey: 'k1',
    };
    const { data } = await create(input);
    const { server, enrolment } = data.createServer;
    expect(server).toMatchObject({
      name: 'web-1',
      description: 'Front\nof house',
      tags: ['prod', 'web'],
      profile: 'OPERATOR',
      scopes: ['METRICS', 'EXEC', 'SHELL'],
      protected: true,
      concurrency: 2,
      state: 'PENDING',
      group: null,
    });
    expect(enrolment.token).toMatch(ENROLMENT_TOKEN);
    expect(enrolment.command).toBe(
      `pilothouse-agent enrol --url https://pilot.example.test --pin ${enrolment.rootFingerprint}`,
    );
    const rest = `-- --url https://pilot.example.test --pin ${enrolment.rootFingerprint}`;
    const line = (fetching: string) => `sudo sh -c "$(${fetching} https://pilot.example.test/install.sh)" ${rest}`;
    expect([enrolment.installCommand, enrolment.installCommandWithWget]).toEqual(['curl -fsSL', 'wget -qO-'].map(line));
    const lifetimeMs = new Date(enrolment.expiresAt).getTime() - Date.now();
    expect(Math.abs(lifetimeMs - ENROLMENT_LIMITS.tokenLifetimeMs)).toBeLessThan(60_000);
    expect(await tokensOf(server.id)).toEqual([
      {
        token_hash: hashOf(enrolment.token),
        scopes: ['metrics', 'exec', 'shell'],
        open: true,
        created_by: member.userId,
      },
    ]);
  });

  test('goes on record without the token', async () => {
    const { data } = await create({});
    const { server, enrolment } = data.createServer;
    const [entry] = await fleet.harness.sql<{ action: string; actor_id: string; detail: string }>(
      'select action, actor_id, detail from audit_entries where target_id = $1',
      [server.id],
    );
    expect(entry).toMatchObject({ action: 'server-created', actor_id: member.userId });
    expect(entry!.detail).not.toContain(enrolment.token);
  });

  test('takes scopes in place of a profile', async () => {
    const { data } = await create({ profile: null, scopes: ['EXEC', 'RUN_AS', 'EXEC'] });
    expect(data.createServer.server).toMatchObject({ profile: 'CUSTOM', scopes: ['EXEC', 'RUN_AS'] });
  });

  test('refuses a name of another server, whatever its case', async () => {
    await create({});
    const { data } = await create({ name: 'WEB-1' });
    expect(data.createServer).toMatchObject({ __typename: 'ServerNameTaken', code: 'SERVER_NAME_TAKEN' });
  });

  test('of the same name at once makes one', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create({ name: 'same' })));
    const countOf = (type: string) => answers.filter(({ data }) => data.createServer.__typename === type).length;
    expect([countOf('ServerEnrolment'), countOf('ServerNameTaken')]).toEqual([1, 7]);
  });

  test('again with the same key adds none, and gives a token in place of the one before', async () => {
    const first = (await create({ idempotencyKey: 'again' })).data.createServer;
    const second = (await create({ idempotencyKey: 'again' })).data.createServer;
    expect(second.server.id).toBe(first.server.id);
    expect((await tokensOf(first.server.id)).map(({ token_hash, open }) => [token_hash, open])).toEqual([
      [hashOf(first.enrolment.token), false],
      [hashOf(second.enrolment.token), true],
    ]);
    await fleet.harness.sql('update servers set enrolled_at = now() where id = $1', [first.server.id]);
    expect((await create({ idempotencyKey: 'again' })).data.createServer.enrolment).toBeNull();
  });

  test('with the same key in another workspace adds another', async () => {
    const other = await fleet.workspace();
    const first = (await create({ idempotencyKey: 'shared' })).data.createServer;
    const ctx = fleet.harness.as({ workspaceId: other.workspaceId, userId: member.userId }, 'ADMIN');
    const second = (await create({ idempotencyKey: 'shared' }, ctx)).data.createServer;
    expect(second.server.id).not.toBe(first.server.id);
  });

  test('puts it in a group of the workspace, and in none of another', async () => {
    const groupIn = async (workspaceId: string) => {
      const [group] = await fleet.harness.sql<{ id: string }>(
        `insert into server_groups (id, workspace_id, name, created_at) values (gen_random_uuid(), $1, 'g', now()) returning id`,
        [workspaceId],
      );
      return group!.id;
    };
    const own = await groupIn(member.workspaceId);
    const foreign = await groupIn((await fleet.workspace()).workspaceId);
    expect((await create({ name: 'a', groupId: own })).data.createServer.server.group).toEqual({ id: own });
    const unknown = '018f0000-0000-7000-8000-000000000000';
    const answers = await Promise.all([foreign, unknown, 'no id'].map((groupId) => create({ name: 'b', groupId })));
    for (const { data } of answers) expect(data.createServer.code).toBe('GROUP_NOT_FOUND');
    expect(new Set(answers.map(({ data }) => data.createServer.message)).size).toBe(1);
  });

  test('stores and returns hostile names as they are', async () => {
    const names = [
      '<script>alert(1)</script>',
      `'; drop table servers; --`,
      '$(reboot)',
      '=1+1',
      '\u202egnp.exe',
      '名前 ✈',
    ];
    for (const name of names) {
      const { data } = await create({ name, tags: [name], description: name });
      expect(data.createServer.server).toMatchObject({ name, tags: [name], description: name });
    }
  });

  test.each([
    [{ name: '' }, 'must not be empty'],
    [{ name: ' \t ' }, 'must not be empty'],
    [{ name: 'a\0b' }, 'control characters'],
    [{ name: 'a\nb' }, 'control characters'],
    [{ name: 'x'.repeat(101) }, 'at most 100'],
    [{ description: 'x'.repeat(1001) }, 'at most 1000'],
    [{ description: 'a\0' }, 'control characters'],
    [{ tags: ['a\0b'] }, 'control characters'],
    [{ tags: [''] }, 'must not be empty'],
    [{ tags: ['x'.repeat(51)] }, 'at most 50'],
    [{ tags: Array.from({ length: 33 }, (_, n) => `t${n}`) }, 'at most 32'],
    [{ concurrency: 0 }, 'from 1 to 16'],
    [{ concurrency: 17 }, 'from 1 to 16'],
    [{ concurrency: -2147483648 }, 'from 1 to 16'],
    [{ profile: null }, 'Give a profile or scopes'],
    [{ profile: 'CUSTOM' }, 'needs scopes'],
    [{ scopes: ['EXEC'] }, 'not both'],
    [{ idempotencyKey: '' }, '1 to 100'],
    [{ idempotencyKey: 'x'.repeat(101) }, '1 to 100'],
  ])('refuses %j and adds nothing', async (input, sentence) => {
    const { code, message } = await create(input);
    expect(code).toBe('BAD_USER_INPUT');
    expect(message).toContain(sentence);
    const rows = await fleet.harness.sql('select id from servers where workspace_id = $1', [member.workspaceId]);
    expect(rows).toEqual([]);
  });

  test('accepts what is just within the limits', async () => {
    const input = {
      name: 'x'.repeat(100),
      description: 'x'.repeat(1000),
      tags: Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(50, 'x')),
      concurrency: 16,
      idempotencyKey: 'x'.repeat(100),
    };
    expect((await create(input)).data.createServer.__typename).toBe('ServerEnrolment');
  });

  test.each([
    { name: 7 },
    { profile: 'GOD' },
    { scopes: ['sudo'] },
    { concurrency: 1.5 },
    { tags: 'x' },
    { unknown: 1 },
  ])('refuses the wrong type %j', async (input) => {
    expect((await create({ profile: null, ...input })).code).toMatch(/BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/);
  });

  test('needs an admin who has just confirmed with the password, and never a token or a grant', async () => {
    const { harness } = fleet;
    for (const role of ['VIEWER', 'DEPLOYER', 'OPERATOR'] as const) {
      expect((await create({}, harness.as(member, role))).code, role).toBe('FORBIDDEN');
    }
    const granted = { ...harness.as(member, 'VIEWER'), grants: [{ role: 'ADMIN' as const, serverId: null, tag: 'x' }] };
    expect((await create({}, granted)).code).toBe('FORBIDDEN');
    const stale = {
      ...admin,
      actor: { kind: 'USER', id: member.userId, sessionId: member.userId, steppedUpAt: null },
    } as const;
    expect((await create({}, stale)).code).toBe('STEP_UP_REQUIRED');
    const scopes = ['READ', 'RUN', 'MANAGE'] as const;
    const token = { ...admin, actor: { kind: 'API_TOKEN', id: member.userId, userId: member.userId, scopes } } as const;
    expect((await create({}, token)).code).toBe('FORBIDDEN');
    for (const role of ['ADMIN', 'OWNER'] as const) {
      const { data } = await create({ name: role }, harness.as(member, role));
      expect(data.createServer.__typename).toBe('ServerEnrolment');
    }
  });
});

describe('enrolling a server anew', () => {
  test('gives a token for that server and voids those before', async () => {
    const { server, enrolment } = (await create({})).data.createServer;
    const again = (await reenrol({ serverId: server.id })).data.reenrolServer;
    expect(again.server).toEqual({ id: server.id, state: 'PENDING' });
    expect((await tokensOf(server.id)).map(({ token_hash, open }) => [token_hash, open])).toEqual([
      [hashOf(enrolment.token), false],
      [hashOf(again.enrolment.token), true],
    ]);
  });

  test('of a connected server has to be meant', async () => {
    const { serverId } = await seedServer(fleet.harness.db, member.workspaceId, {
      identity: { publicKey: 'key' },
      session: {},
    });
    expect((await reenrol({ serverId })).data.reenrolServer.code).toBe('SERVER_ONLINE');
    expect(await tokensOf(serverId)).toEqual([]);
    const meant = (await reenrol({ serverId, replaceOnline: true })).data.reenrolServer;
    expect(meant.enrolment.token).toMatch(ENROLMENT_TOKEN);
    expect(meant.enrolment.installCommand).toMatch(/ --replace$/);
  });

  test('another workspace cannot', async () => {
    const { server } = (await create({})).data.createServer;
    const stranger = fleet.harness.as(await fleet.workspace(), 'OWNER');
    const foreign = await reenrol({ serverId: server.id }, stranger);
    const unknown = await reenrol({ serverId: '018f0000-0000-7000-8000-000000000000' }, stranger);
    const noId = await reenrol({ serverId: 'x\0' }, stranger);
    expect(foreign).toEqual({ data: null, code: 'NOT_FOUND', message: 'The server was not found.' });
    expect([unknown, noId]).toEqual([foreign, foreign]);
    expect(await tokensOf(server.id)).toHaveLength(1);
  });
});
