import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fleet, HOST_FACTS } from '../../testing/fleet.js';
import { SERVERS, ONLINE, ServerScene, UNKNOWN } from './testing/server.scene.js';

let fleet: Fleet;
let scene: ServerScene;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

beforeEach(async () => {
  scene = await ServerScene.open(fleet);
});

describe('the list of servers', () => {
  test('is sorted by name, by when they were added or heard of, page after page', async () => {
    const at = (n: number) => `created_at = '2026-01-0${n}T00:00:00Z'`;
    await scene.add({ name: 'bravo' }, { update: at(1) });
    await scene.add({ name: 'Alpha', ...ONLINE }, { update: at(3) });
    await scene.add({ name: 'charlie', ...ONLINE }, { update: at(2) });
    await fleet.harness.sql(
      `update agent_sessions a set last_frame_at = now() + interval '1 microsecond' from servers s
        where s.id = a.server_id and s.name = 'charlie'`,
    );
    const expected = {
      NAME: ['Alpha', 'bravo', 'charlie'],
      CREATED: ['Alpha', 'charlie', 'bravo'],
      LAST_SEEN: ['charlie', 'Alpha', 'bravo'],
    };
    for (const [orderBy, order] of Object.entries(expected)) {
      expect(await scene.names({ orderBy }), orderBy).toEqual(order);
      const paged: string[] = [];
      for (let after: string | null = null, more = true; more;) {
        const { data } = await scene.ask(SERVERS, { orderBy, first: 1, after });
        paged.push(data.servers.nodes[0].name);
        after = data.servers.pageInfo.endCursor;
        more = data.servers.pageInfo.hasNextPage;
      }
      expect(paged, orderBy).toEqual(order);
    }
  });

  test('is narrowed by text, state, tags, group and ids, all together', async () => {
    const top = await scene.addGroup('top');
    const below = await scene.addGroup('below', top);
    const facts = `facts = '${JSON.stringify(HOST_FACTS)}'`;
    const a = await scene.add({ name: 'a', ...ONLINE }, { update: `group_id = '${below}'`, tags: ['web', 'prod'] });
    const b = await scene.add({ name: 'b' }, { update: `group_id = '${top}', ${facts}`, tags: ['web'] });
    await scene.add({ name: 'c' }, { update: `revoked_at = now(), description = '100% of_it'`, tags: ['db'] });
    const cases: [object, string[]][] = [
      [{}, ['a', 'b', 'c']],
      [{ search: 'WEB-1.EXAMPLE' }, ['b']],
      [{ search: '192.0.2.10' }, ['b']],
      [{ search: '100% of_' }, ['c']],
      [{ search: '%' }, ['c']],
      [{ search: '_' }, ['c']],
      [{ states: ['ONLINE', 'REVOKED'] }, ['a', 'c']],
      [{ states: ['PENDING'] }, ['b']],
      [{ tagsAny: ['db', 'prod'] }, ['a', 'c']],
      [{ tagsAll: ['web', 'prod', 'web'] }, ['a']],
      [{ groupId: top }, ['a', 'b']],
      [{ groupId: below }, ['a']],
      [{ serverIds: [a, b, UNKNOWN, 'x'] }, ['a', 'b']],
      [{ serverIds: [a.toUpperCase()], tagsAny: ['web'] }, ['a']],
      [{ serverIds: [b], tagsAny: ['prod'] }, []],
    ];
    for (const [filter, found] of cases) expect(await scene.names({ filter }), JSON.stringify(filter)).toEqual(found);
  });

  test('is empty for an empty list or an id that is none, and never everything', async () => {
    await scene.add();
    const filters = [
      { serverIds: [] },
      { states: [] },
      { tagsAny: [] },
      { tagsAll: [] },
      { groupId: UNKNOWN },
      { groupId: 'x' },
      { groupId: 'x', serverIds: null },
      { serverIds: ['x'] },
    ];
    for (const filter of filters) expect(await scene.names({ filter }), JSON.stringify(filter)).toEqual([]);
  });

  test('shows nothing of another workspace, also by its ids, groups, tags and cursors', async () => {
    const id = await scene.add({ name: 'mine' }, { tags: ['web'] });
    const groupId = await scene.addGroup('g');
    await fleet.harness.sql('update servers set group_id = $2 where id = $1', [id, groupId]);
    const cursor = (await scene.ask(SERVERS, {})).data.servers.pageInfo.endCursor;
    const stranger = fleet.harness.as(await fleet.workspace());
    for (const variables of [
      {},
      { filter: { serverIds: [id] } },
      { filter: { groupId } },
      { filter: { tagsAny: ['web'] } },
      { after: cursor },
    ]) {
      expect(await scene.names(variables, stranger)).toEqual([]);
    }
  });

  test.each([
    [{ first: 0 }],
    [{ first: 201 }],
    [{ first: -5 }],
    [{ after: 'x' }],
    [{ after: Buffer.from('["a","b"]').toString('base64url') }],
    [{ after: Buffer.from(`["1e99","${UNKNOWN}"]`).toString('base64url'), orderBy: 'CREATED' }],
    [{ after: Buffer.from(`["a\\u0000","${UNKNOWN}"]`).toString('base64url') }],
    [{ filter: { search: 'a\0' } }],
    [{ filter: { search: 'x'.repeat(201) } }],
    [{ filter: { tagsAny: ['a\0'] } }],
    [{ filter: { tagsAll: Array.from({ length: 33 }, (_, n) => `${n}`) } }],
    [{ filter: { serverIds: Array.from({ length: 201 }, () => UNKNOWN) } }],
  ])('refuses %j', async (variables) => {
    expect((await scene.ask(SERVERS, variables)).code).toBe('BAD_USER_INPUT');
  });

  test('takes 200 at once and ids of 200 servers', async () => {
    await scene.add({ name: 'one' });
    expect(await scene.names({ first: 200, filter: { search: 'x'.repeat(200) } })).toEqual([]);
    expect(await scene.names({ filter: { serverIds: Array.from({ length: 200 }, () => UNKNOWN) } })).toEqual([]);
  });
});

test('the permission profiles say what they grant and how risky it is', async () => {
  const { data } = await scene.ask(
    '{ permissionProfiles { profile description scopes { scope risk } } permissionScopes { scope description } }',
    {},
  );
  expect(data.permissionProfiles.map(({ profile }: { profile: string }) => profile)).toEqual([
    'READ_ONLY',
    'OPERATOR',
    'FULL_ACCESS',
  ]);
  expect(data.permissionProfiles[1].scopes).toEqual([
    { scope: 'METRICS', risk: 'LOW' },
    { scope: 'EXEC', risk: 'HIGH' },
    { scope: 'SHELL', risk: 'HIGH' },
  ]);
  expect(data.permissionScopes).toHaveLength(4);
});
