import { seedServer } from '@pilothouse/db/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fleet } from '../../testing/fleet.js';
import { viewState } from './server.record.js';
import { ServerOrder, ServerRepository } from './server.repository.js';
import { ServerState } from './server.state.js';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

/** Every combination of what a state follows from. */
const FLAGS = [
  'enrolled_at = now()',
  'revoked_at = now()',
  'maintenance = true',
  'queue_held = true',
  `health = '{"checks":[{"name":"a","ok":true,"message":null},{"name":"b","ok":false,"message":null}]}'`,
];
const SESSIONS = [
  null,
  'connected_at = null, last_frame_at = null',
  'connected_at = now(), last_frame_at = now()',
  `connected_at = now(), last_frame_at = now() - interval '1 minute'`,
  `connected_at = now(), last_frame_at = now(), disconnected_at = now(), disconnect_reason = 'cut'`,
];

test('filters by state find what the one function of states says, in every combination', async () => {
  const { harness } = fleet;
  const { db, database } = harness;
  const member = await fleet.workspace();
  const combinations = SESSIONS.flatMap((session) =>
    Array.from({ length: 2 ** FLAGS.length }, (_, bits) => ({
      session,
      flags: FLAGS.filter((_flag, n) => bits & (1 << n)),
    })),
  );
  for (const { session, flags } of combinations) {
    const { serverId } = await seedServer(db, member.workspaceId, session === null ? {} : { session: {} });
    await harness.sql(`update servers set ${['name = name', ...flags].join(', ')} where id = $1`, [serverId]);
    if (session !== null) await harness.sql(`update agent_sessions set ${session} where server_id = $1`, [serverId]);
  }
  const repository = new ServerRepository();
  const ctx = fleet.harness.as(member);
  const list = (states: ServerState[] | null) =>
    database.read(ctx, (tx) =>
      repository.list(tx, {
        filter: states ? { states } : {},
        order: ServerOrder.NAME,
        take: combinations.length + 1,
        after: null,
        now: ctx.now(),
      }),
    );
  const everything = await list(null);
  expect(everything).toHaveLength(combinations.length);
  for (const state of Object.values(ServerState)) {
    const expected = everything.filter((record) => viewState(record, ctx.now()).state === state).map(({ id }) => id);
    const found = (await list([state])).map(({ id }) => id);
    expect(found, state).toEqual(expected);
    expect(found, state).not.toHaveLength(0);
  }
  expect(await list([])).toEqual([]);
});
