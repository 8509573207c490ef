import { seedServer } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fleet } from '../../testing/fleet.js';
import { DELETE, ServerScene, UNKNOWN, UPDATE } from './testing/server.scene.js';

let fleet: Fleet;
let scene: ServerScene;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

beforeEach(async () => {
  scene = await ServerScene.open(fleet);
});

describe('following servers', () => {
  const CHANGED = `subscription ($afterSeq: SafeInt, $serverIds: [ID!]) {
    serverChanged(afterSeq: $afterSeq, serverIds: $serverIds) { seq serverId server { name } } }`;
  const rename = (id: string, name: string) => scene.ask(UPDATE, { input: { serverId: id, name } });

  /** Changes of a server and, every third, of something else, as if those before had been removed. */
  async function seedChanges(subjectId: string, { from, to }: { from: number; to: number }): Promise<void> {
    const { workspaceId } = scene.member;
    await fleet.harness.sql(
      `insert into workspace_events (workspace_id, seq, kind, subject_id, at)
       select $1, n, case when n % 3 = 0 then 'COMMAND' else 'SERVER' end, $2, now() from generate_series($3::int, $4::int) n`,
      [workspaceId, subjectId, from, to],
    );
    await fleet.harness.sql(
      `insert into workspace_event_heads (workspace_id, seq) values ($1, $2)
       on conflict (workspace_id) do update set seq = excluded.seq`,
      [workspaceId, to],
    );
  }

  test('tells of what comes from now on', async () => {
    const id = await scene.add({ name: 'a' });
    await rename(id, 'before');
    const live = fleet.harness.follow(scene.admin, CHANGED);
    let arrived = false;
    const first = live.next().finally(() => (arrived = true));
    let last = 1;
    while (!arrived) {
      last += 1;
      await rename(id, `change ${last}`);
    }
    const seq: number = (await first).value?.data.serverChanged.seq;
    expect(seq).toBeGreaterThan(1);
    for (let next = seq + 1; next <= last; next += 1) {
      expect((await live.next()).value?.data.serverChanged.seq).toBe(next);
    }
    await rename(id, 'after');
    const after = { seq: last + 1, serverId: id, server: { name: 'after' } };
    expect((await live.next()).value?.data.serverChanged).toEqual(after);
    await live.return();
  });

  test('goes on from a number, without gap or duplicate, over more than one batch', async () => {
    const id = await scene.add();
    await seedChanges(id, { from: 1, to: 400 });
    const resumed = fleet.harness.follow(scene.admin, CHANGED, { afterSeq: 10 });
    const expected = Array.from({ length: 400 }, (_, n) => n + 1).filter((n) => n > 10 && n % 3 !== 0);
    const seen: number[] = [];
    while (seen.length < expected.length) seen.push((await resumed.next()).value?.data.serverChanged.seq);
    expect(seen).toEqual(expected);
    await resumed.return();
  });

  test('tells of the servers asked for, of deleted ones, and never of another workspace’s', async () => {
    const [a, b] = [await scene.add({ name: 'a' }), await scene.add({ name: 'b' })];
    await rename(a, 'a2');
    await rename(b, 'b2');
    await scene.ask(DELETE, { id: b });
    const only = fleet.harness.follow(scene.admin, CHANGED, { afterSeq: 0, serverIds: [b, 'x'] });
    expect((await only.next()).value?.data.serverChanged).toEqual({ seq: 2, serverId: b, server: null });
    expect((await only.next()).value?.data.serverChanged).toEqual({ seq: 3, serverId: b, server: null });
    await only.return();
    const other = await fleet.workspace();
    const stranger = fleet.harness.as(other);
    const { serverId: theirs } = await seedServer(fleet.harness.db, other.workspaceId);
    await scene.ask(UPDATE, { input: { serverId: theirs, name: 'theirs' } }, stranger);
    const foreign = fleet.harness.follow(stranger, CHANGED, { afterSeq: 0 });
    expect((await foreign.next()).value?.data.serverChanged.serverId).toBe(theirs);
    await foreign.return();
  });

  test('goes on from the oldest number kept, and from none that is older or has not been', async () => {
    const id = await scene.add();
    await seedChanges(id, { from: 11, to: 14 });
    const following = async (afterSeq: number) => {
      const resumed = fleet.harness.follow(scene.admin, CHANGED, { afterSeq });
      const answer = (await resumed.next()).value;
      await resumed.return();
      return answer?.code ?? answer?.data.serverChanged.seq;
    };
    expect(await following(10)).toBe(11);
    expect(await following(13)).toBe(14);
    expect(await following(9)).toBe('BAD_USER_INPUT');
    expect(await following(15)).toBe('BAD_USER_INPUT');
    await fleet.harness.sql('delete from workspace_events where workspace_id = $1', [scene.member.workspaceId]);
    expect(await following(13)).toBe('BAD_USER_INPUT');
  });

  test.each([[{ afterSeq: -1 }], [{ serverIds: Array.from({ length: 201 }, () => UNKNOWN) }]])(
    'refuses %j',
    async (variables) => {
      const refused = fleet.harness.follow(scene.admin, CHANGED, variables);
      expect((await refused.next()).value?.code).toBe('BAD_USER_INPUT');
    },
  );
});
