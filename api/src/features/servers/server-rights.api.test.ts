import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Grant } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet } from '../../testing/fleet.js';
import {
  BULK_TAGS,
  DELETE,
  MAINTENANCE,
  NO_IDS,
  REVOKE,
  SERVER,
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

describe('who may change servers', () => {
  const changes = (id: string): [string, Record<string, unknown>][] => [
    [UPDATE, { input: { serverId: id, name: 'changed' } }],
    [SET_TAGS, { input: { serverId: id, tags: ['changed'] } }],
    [MAINTENANCE, { input: { serverId: id, maintenance: true } }],
    [REVOKE, { id }],
    [DELETE, { id }],
  ];

  test('everybody reads; viewers, deployers and operators change nothing', async () => {
    const id = await scene.add({ name: 'same' });
    for (const role of ['VIEWER', 'DEPLOYER', 'OPERATOR'] as const) {
      const ctx = fleet.harness.as(scene.member, role);
      expect(await scene.names({}, ctx)).toEqual(['same']);
      for (const [document, variables] of changes(id)) {
        expect((await scene.ask(document, variables, ctx)).code, `${role} ${document}`).toBe('FORBIDDEN');
      }
    }
    expect((await scene.ask(SERVER, { id })).data.server).toMatchObject({ name: 'same', tags: [], maintenance: false });
  });

  describe('what a server allows', () => {
    const callers = () => {
      const admin = fleet.harness.as(scene.member, 'ADMIN');
      const stale = { ...admin, actor: { ...admin.actor, steppedUpAt: null } } as WorkspaceContext;
      const token = {
        ...admin,
        actor: { kind: 'API_TOKEN', id: UNKNOWN, userId: scene.member.userId, scopes: ['READ', 'MANAGE'] },
      } as WorkspaceContext;
      return { admin, stale, token };
    };
    const narrow = { update: `profile = 'custom', scopes = '{metrics,exec}', protected = true` };

    test.each([
      ['another profile', { profile: 'FULL_ACCESS' }],
      ['one more scope', { scopes: ['METRICS', 'EXEC', 'SHELL'] }],
      ['another scope in the place of two', { scopes: ['SHELL'] }],
      ['no protection any more', { protected: false }],
    ])('is widened with a confirmation only, and by no API token: %s', async (_what, permissions) => {
      const id = await scene.add({ name: 'narrow' }, narrow);
      const { admin, stale, token } = callers();
      const input = { serverId: id, ...permissions };
      expect((await scene.ask(UPDATE, { input }, stale)).code).toBe('STEP_UP_REQUIRED');
      expect((await scene.ask(UPDATE, { input }, token)).code).toBe('FORBIDDEN');
      const { data } = await scene.ask(SERVER, { id });
      expect(data.server).toMatchObject({ profile: 'CUSTOM', scopes: ['METRICS', 'EXEC'], protected: true });
      expect((await scene.ask(UPDATE, { input }, admin)).code).toBeUndefined();
    });

    test.each([
      ['fewer scopes', { scopes: ['METRICS'] }],
      ['the same scopes', { scopes: ['EXEC', 'METRICS'], protected: true }],
      ['another profile', { profile: 'READ_ONLY' }],
    ])('is narrowed without one, by API tokens too: %s', async (_what, permissions) => {
      const { stale, token } = callers();
      for (const ctx of [stale, token]) {
        const id = await scene.add({ name: ctx.actor.kind }, narrow);
        expect((await scene.ask(UPDATE, { input: { serverId: id, ...permissions } }, ctx)).code).toBeUndefined();
      }
    });

    test('is not widened by a grant on the server', async () => {
      const id = await scene.add({ name: 'narrow' }, narrow);
      const grants: Grant[] = [{ role: 'ADMIN', serverId: id, tag: null }];
      const ctx = { ...fleet.harness.as(scene.member, 'VIEWER'), grants };
      expect((await scene.ask(UPDATE, { input: { serverId: id, scopes: ['SHELL'] } }, ctx)).code).toBe('FORBIDDEN');
      expect((await scene.ask(UPDATE, { input: { serverId: id, scopes: [] } }, ctx)).code).toBeUndefined();
    });
  });

  test('a grant of admin lets change the servers it names and no other', async () => {
    const own = await scene.add({ name: 'own' });
    const tagged = await scene.add({ name: 'tagged' }, { tags: ['mine'] });
    const other = await scene.add({ name: 'other' });
    const byFacts = await scene.add({ name: 'by facts' });
    await fleet.harness.sql(
      `insert into server_tags (workspace_id, server_id, tag, automatic) values ($1, $2, 'mine', true)`,
      [scene.member.workspaceId, byFacts],
    );
    const grants: Grant[] = [
      { role: 'ADMIN', serverId: own, tag: null },
      { role: 'ADMIN', serverId: null, tag: 'mine' },
      { role: 'OPERATOR', serverId: other, tag: null },
    ];
    const ctx = { ...fleet.harness.as(scene.member, 'VIEWER'), grants };
    for (const id of [other, byFacts]) {
      for (const [document, variables] of changes(id)) {
        expect((await scene.ask(document, variables, ctx)).code, document).toBe('FORBIDDEN');
      }
    }
    const serverIds = [own, tagged, other, byFacts];
    const { data } = await scene.ask(BULK_TAGS, { input: { serverIds, add: ['x'] } }, ctx);
    expect(data.changeTagsOnServers.outcomes.map(({ problem }: { problem: string | null }) => problem)).toEqual([
      null,
      null,
      'FORBIDDEN',
      'FORBIDDEN',
    ]);
    for (const id of [own, tagged])
      expect((await scene.ask(MAINTENANCE, { input: { serverId: id, maintenance: true } }, ctx)).code).toBeUndefined();
  });

  test('another workspace cannot, and is told the same as of an id that is not there', async () => {
    const id = await scene.add({ name: 'same' });
    const stranger = fleet.harness.as(await fleet.workspace(), 'OWNER');
    const unknown = await Promise.all(
      changes(UNKNOWN).map(([document, variables]) => scene.ask(document, variables, stranger)),
    );
    for (const answer of unknown) expect(answer.code).toBe('NOT_FOUND');
    for (const strange of [id, ...NO_IDS]) {
      const answers = await Promise.all(
        changes(strange).map(([document, variables]) => scene.ask(document, variables, stranger)),
      );
      expect(answers).toEqual(unknown);
    }
    expect((await scene.ask(SERVER, { id })).data.server).toMatchObject({ name: 'same', tags: [], state: 'PENDING' });
  });
});
