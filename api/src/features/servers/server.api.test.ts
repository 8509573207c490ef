import { seedServer } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fleet, HOST_FACTS } from '../../testing/fleet.js';
import {
  BULK_MOVE,
  BULK_TAGS,
  DELETE,
  MAINTENANCE,
  NO_IDS,
  REVOKE,
  SERVER,
  ONLINE,
  ServerScene,
  SET_TAGS,
  UNKNOWN,
  UPDATE,
} from './testing/server.scene.js';

let fleet: Fleet;
let scene: ServerScene;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

beforeEach(async () => {
  scene = await ServerScene.open(fleet);
});

describe('a server', () => {
  test('is shown with what is known of it', async () => {
    const groupId = await scene.addGroup('Berlin');
    const health = JSON.stringify({ checks: [{ name: 'clock', ok: false, message: 'off by a day' }] });
    const id = await scene.add(
      { name: 'web-1', ...ONLINE },
      {
        update: `group_id = '${groupId}', facts = '${JSON.stringify(HOST_FACTS)}', facts_at = now(), health = '${health}'`,
        tags: ['web', 'prod'],
      },
    );
    const { data } = await scene.ask(SERVER, { id });
    expect(data.server).toMatchObject({
      name: 'web-1',
      tags: ['prod', 'web'],
      profile: 'FULL_ACCESS',
      scopes: ['METRICS', 'EXEC', 'SHELL', 'RUN_AS'],
      state: 'DEGRADED',
      stateReason: 'Failing: clock (off by a day).',
      connected: true,
      group: { id: groupId, name: 'Berlin' },
      facts: { hostname: 'web-1.example.test' },
      healthChecks: [{ name: 'clock', ok: false, message: 'off by a day' }],
      duplicateIdentity: false,
    });
  });

  test('without readable facts is shown without them', async () => {
    const id = await scene.add({}, { update: `facts = '{"hostname": 7}', facts_at = now(), health = '[]'` });
    expect((await scene.ask(SERVER, { id })).data.server).toMatchObject({ facts: null, healthChecks: [] });
  });

  test('of another workspace, deleted or never there is not found, all alike', async () => {
    const theirs = await seedServer(fleet.harness.db, (await fleet.workspace()).workspaceId);
    const deleted = await scene.add({}, { update: 'revoked_at = now(), deleted_at = now()' });
    for (const id of [theirs.serverId, deleted, ...NO_IDS]) {
      expect(await scene.ask(SERVER, { id })).toEqual({
        data: null,
        code: 'NOT_FOUND',
        message: 'The server was not found.',
      });
    }
  });

  test('has a history of connections, the newest first, read for all servers at once', async () => {
    const [a, b] = [await scene.add({ name: 'a' }), await scene.add({ name: 'b' })];
    await fleet.harness.sql(
      `insert into agent_connections (id, workspace_id, server_id, generation, counter, address, agent_version, connected_at,
         disconnected_at, disconnect_reason)
       select gen_random_uuid(), $1, s, 1, n, '192.0.2.' || n, '0.1.0', now() - n * interval '1 microsecond', now(), 'cut'
         from unnest($2::uuid[]) s cross join generate_series(1, 5) n`,
      [scene.member.workspaceId, [a, b]],
    );
    const document = `query ($after: String) { servers { nodes { name connections(first: 3, after: $after) {
      nodes { address disconnectReason } pageInfo { hasNextPage endCursor } } } } }`;
    const single = `query ($id: ID!, $after: String) { server(id: $id) { connections(first: 3, after: $after) {
      nodes { address } pageInfo { hasNextPage endCursor } } } }`;
    const { data } = await scene.ask(document, {});
    for (const { connections } of data.servers.nodes) {
      expect(connections.nodes).toHaveLength(3);
      expect(connections.pageInfo.hasNextPage).toBe(true);
    }
    const [first] = data.servers.nodes;
    const rest = (await scene.ask(single, { id: a, after: first.connections.pageInfo.endCursor })).data.server
      .connections;
    const addresses = [...first.connections.nodes, ...rest.nodes].map(({ address }: { address: string }) => address);
    expect(addresses.sort()).toEqual([1, 2, 3, 4, 5].map((n) => `192.0.2.${n}`));
    expect(rest.pageInfo.hasNextPage).toBe(false);
    expect((await scene.ask(single, { id: a, after: 'x' })).code).toBe('BAD_USER_INPUT');
  });
});

describe('changing a server', () => {
  test('changes what is given and leaves the rest', async () => {
    const id = await scene.add({ name: 'old' }, { update: `description = 'kept'` });
    const groupId = await scene.addGroup('g');
    const { data } = await scene.ask(UPDATE, {
      input: { serverId: id, name: ' new ', groupId, profile: 'READ_ONLY', concurrency: 1 },
    });
    expect(data.updateServer).toMatchObject({
      name: 'new',
      description: 'kept',
      group: { id: groupId },
      profile: 'READ_ONLY',
      scopes: ['METRICS'],
      concurrency: 1,
    });
    const again = await scene.ask(UPDATE, {
      input: { serverId: id, groupId: null, scopes: ['EXEC'], protected: true },
    });
    expect(again.data.updateServer).toMatchObject({
      name: 'new',
      group: null,
      profile: 'CUSTOM',
      scopes: ['EXEC'],
      protected: true,
    });
  });

  test('refuses a name or a group that cannot be', async () => {
    const id = await scene.add({ name: 'a' });
    await scene.add({ name: 'B' });
    expect((await scene.ask(UPDATE, { input: { serverId: id, name: 'b' } })).data.updateServer.code).toBe(
      'SERVER_NAME_TAKEN',
    );
    const foreign = await scene.addGroup('theirs', null, await fleet.workspace());
    for (const groupId of [foreign, UNKNOWN, 'x']) {
      expect((await scene.ask(UPDATE, { input: { serverId: id, name: 'c', groupId } })).data.updateServer.code).toBe(
        'GROUP_NOT_FOUND',
      );
    }
    expect(await scene.names()).toEqual(['a', 'B']);
  });

  test('takes a name again once its bearer is deleted', async () => {
    await scene.add({ name: 'a' }, { update: 'deleted_at = now()' });
    const id = await scene.add({ name: 'b' });
    expect((await scene.ask(UPDATE, { input: { serverId: id, name: 'a' } })).data.updateServer.name).toBe('a');
  });

  test('sets tags; one that the agent has found comes back as automatic when it is taken away', async () => {
    const id = await scene.add({}, { tags: ['web'] });
    const { database } = fleet.harness;
    await database.write(scene.admin, async (tx) => {
      await fleet.servers.facts.store(
        tx,
        { id, workspaceId: scene.member.workspaceId },
        { facts: HOST_FACTS, at: scene.admin.now() },
      );
      tx.audit({ action: 'server-updated', target: { kind: 'SERVER', id } });
    });
    const set = async (tags: string[]) =>
      (await scene.ask(SET_TAGS, { input: { serverId: id, tags } })).data.setServerTags;
    expect(await set(['db', 'systemd', 'db'])).toEqual({ id, tags: ['db', 'systemd'], automaticTags: ['x64'] });
    expect(await set([])).toEqual({ id, tags: [], automaticTags: ['systemd', 'x64'] });
  });

  test('marks maintenance, which hides the state but not the connection', async () => {
    const id = await scene.add(ONLINE);
    const set = async (maintenance: boolean) =>
      (await scene.ask(MAINTENANCE, { input: { serverId: id, maintenance } })).data.setServerMaintenance;
    expect(await set(true)).toEqual({
      id,
      maintenance: true,
      state: 'MAINTENANCE',
      stateReason: 'In maintenance. Its agent is connected.',
    });
    await set(true);
    expect((await set(false)).state).toBe('ONLINE');
    const entries = await fleet.harness.sql('select 1 from audit_entries where target_id = $1', [id]);
    expect(entries).toHaveLength(2);
  });

  test('of any kind is on record', async () => {
    const id = await scene.add({}, { update: 'revoked_at = now()' });
    await scene.ask(UPDATE, { input: { serverId: id, name: 'n', description: 'd' } });
    await scene.ask(SET_TAGS, { input: { serverId: id, tags: ['t'] } });
    await scene.ask(MAINTENANCE, { input: { serverId: id, maintenance: true } });
    await scene.ask(BULK_TAGS, { input: { serverIds: [id], add: ['u'] } });
    await scene.ask(BULK_MOVE, { input: { serverIds: [id] } });
    await scene.ask(DELETE, { id });
    const entries = await fleet.harness.sql<{ action: string; actor_id: string }>(
      'select action, actor_id from audit_entries where chain = $1 order by sequence',
      [scene.member.workspaceId],
    );
    expect(entries).toEqual(
      [
        'server-updated',
        'server-tags-set',
        'server-maintenance-set',
        'server-tags-changed',
        'servers-moved',
        'server-deleted',
      ].map((action) => ({ action, actor_id: scene.member.userId })),
    );
  });

  test.each([
    [{ name: 'a\0' }],
    [{ name: '' }],
    [{ description: '\u0007' }],
    [{ concurrency: 17 }],
    [{ concurrency: -1 }],
    [{ profile: 'CUSTOM' }],
    [{ profile: 'OPERATOR', scopes: ['EXEC'] }],
  ])('refuses %j and changes nothing', async (input) => {
    const id = await scene.add({ name: 'same' });
    expect((await scene.ask(UPDATE, { input: { serverId: id, ...input } })).code).toBe('BAD_USER_INPUT');
    expect((await scene.ask(SERVER, { id })).data.server).toMatchObject({ name: 'same', concurrency: 4 });
  });
});

describe('ending a server', () => {
  test('revokes its identity, raises its generation, cuts its connection and tells who follows', async () => {
    const id = await scene.add(ONLINE);
    const told: string[] = [];
    fleet.servers.hooks.add(async (_ctx, _tx, serverId) => void told.push(serverId));
    let woken = 0;
    const unsubscribe = fleet.harness.bus.subscribe('revocations', () => (woken += 1));
    expect((await scene.ask(REVOKE, { id })).data.revokeServer).toEqual({ id, state: 'REVOKED', connected: false });
    await scene.ask(REVOKE, { id });
    unsubscribe();
    const [row] = await fleet.harness.sql(
      `select s.generation, s.revoked_at is not null as revoked,
              (select count(*)::int from agent_identities i where i.server_id = s.id and i.revoked_at is null) as identities,
              (select count(*)::int from revocations r where r.subject_id = s.id and r.kind = 'SERVER') as revocations,
              (select count(*)::int from audit_entries e where e.target_id = s.id::text and e.action = 'server-revoked') as entries
         from servers s where s.id = $1`,
      [id],
    );
    expect(row).toEqual({ generation: 2, revoked: true, identities: 0, revocations: 1, entries: 1 });
    expect(told).toEqual([id]);
    expect(woken).toBe(1);
  });

  test('deletes what is revoked or pending, and nothing that is enrolled', async () => {
    const enrolled = await scene.add(ONLINE);
    expect((await scene.ask(DELETE, { id: enrolled })).data.deleteServer).toMatchObject({ code: 'SERVER_NOT_REVOKED' });
    await scene.ask(REVOKE, { id: enrolled });
    const pending = await scene.add();
    for (const id of [enrolled, pending]) {
      expect((await scene.ask(DELETE, { id })).data.deleteServer).toEqual({ __typename: 'ServerDeleted', id });
      expect((await scene.ask(DELETE, { id })).code).toBe('NOT_FOUND');
    }
    expect(await scene.names()).toEqual([]);
    const nodes = await Promise.all(
      [enrolled, UNKNOWN, 'x', pending].map((id) => fleet.servers.directory.byId(scene.admin, id)),
    );
    expect(nodes.map((node) => node?.state ?? null)).toEqual(['REVOKED', null, null, 'REVOKED']);
  });
});

describe('changing many servers', () => {
  test('gives and takes tags, each server with its own outcome, in the order given', async () => {
    const [a, b] = [await scene.add({ name: 'a' }, { tags: ['old', 'kept'] }), await scene.add({ name: 'b' })];
    const full = await scene.add({ name: 'full' }, { tags: Array.from({ length: 32 }, (_, n) => `t${n}`) });
    const theirs = await seedServer(fleet.harness.db, (await fleet.workspace()).workspaceId);
    const serverIds = [b, theirs.serverId, a, 'x\0', full, a];
    const { data } = await scene.ask(BULK_TAGS, { input: { serverIds, add: ['new'], remove: ['old', 'new'] } });
    expect(data.changeTagsOnServers.outcomes).toEqual([
      { serverId: b, server: { name: 'b', tags: ['new'], group: null }, problem: null },
      { serverId: theirs.serverId, server: null, problem: 'NOT_FOUND' },
      { serverId: a, server: { name: 'a', tags: ['kept', 'new'], group: null }, problem: null },
      { serverId: 'x\0', server: null, problem: 'NOT_FOUND' },
      { serverId: full, server: null, problem: 'TOO_MANY_TAGS' },
    ]);
  });

  test('moves them into a group of the workspace and out again', async () => {
    const ids = [await scene.add({ name: 'a' }), await scene.add({ name: 'b' })];
    const groupId = await scene.addGroup('g');
    const move = async (input: object) =>
      (await scene.ask(BULK_MOVE, { input: { serverIds: ids, ...input } })).data.moveServersToGroup;
    expect((await move({ groupId })).outcomes.map(({ server }: { server: object }) => server)).toEqual([
      { name: 'a', tags: [], group: { name: 'g' } },
      { name: 'b', tags: [], group: { name: 'g' } },
    ]);
    expect((await move({ groupId: UNKNOWN })).code).toBe('GROUP_NOT_FOUND');
    expect((await move({})).outcomes[0].server.group).toBeNull();
  });

  test('takes 200 servers, and neither 201 nor none', async () => {
    const ids = (count: number) => Array.from({ length: count }, () => UNKNOWN);
    expect(
      (await scene.ask(BULK_TAGS, { input: { serverIds: ids(200), add: ['x'] } })).data.changeTagsOnServers.outcomes,
    ).toHaveLength(1);
    for (const serverIds of [ids(201), []]) {
      expect((await scene.ask(BULK_TAGS, { input: { serverIds, add: ['x'] } })).code).toBe('BAD_USER_INPUT');
      expect((await scene.ask(BULK_MOVE, { input: { serverIds } })).code).toBe('BAD_USER_INPUT');
    }
  });
});
