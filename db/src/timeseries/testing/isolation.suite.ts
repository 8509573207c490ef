import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricsBackend } from '../metrics.backend.js';
import { batchOf, DAY, openStore, partAt, sampleAt, tenantQuery, type TestAgent, type TestStore } from './store.kit.js';

/** Views that hold nothing of a workspace, with the reason. */
const WITHOUT_TENANT = { retention: 'days each tier is kept, the same for the whole installation' };

export function isolationSuite(backend: MetricsBackend): void {
  describe(`isolation, ${backend.name} driver`, () => {
    let store: TestStore;
    let ours: TestAgent;
    let theirs: TestAgent;
    let views: string[];
    beforeAll(async () => {
      store = await openStore(backend);
      ours = await store.addAgent();
      theirs = await store.addAgent();
      const times = [0, 1, 3, 4, 5, 6].map((days) => new Date(Date.now() - days * DAY)); // also in columns, where there are any
      const rows = { samples: times.map((time) => sampleAt(time)), parts: times.map((time) => partAt(time, '/')) };
      await store.writeAt(new Date(), [batchOf(ours, rows), batchOf(theirs, rows)]);
      await store.maintain(new Date());
      const { rows: found } = await store.owner.query<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'telemetry'::regnamespace and relkind in ('v', 'r', 'm', 'p')`,
      );
      views = found.map(({ name }) => name).filter((name) => !(name in WITHOUT_TENANT));
    });
    afterAll(() => store.close());

    const keysIn = async (view: string, workspaceId: string): Promise<number[]> => {
      const rows = await tenantQuery(store.appPool, workspaceId)(
        `select distinct server_id from telemetry.${view}`,
        [],
      );
      return rows.map((row) => row['server_id'] as number);
    };

    test('a workspace sees its own rows in every view, and another workspace cannot see them', async () => {
      expect(views.length).toBeGreaterThanOrEqual(9);
      for (const view of views) {
        expect(await keysIn(view, ours.workspaceId), view).toEqual([ours.metricKey]);
        expect(await keysIn(view, theirs.workspaceId), view).toEqual([theirs.metricKey]);
      }
    });

    test('with no workspace set nothing is visible, also on a connection that had one before', async () => {
      const client = await store.appPool.connect();
      try {
        const count = async (view: string) =>
          (await client.query(`select count(*)::int as n from telemetry.${view}`)).rows[0].n;
        for (const view of views) expect(await count(view), view).toBe(0);
        await client.query('begin');
        await client.query(`select set_config('app.workspace', $1, true)`, [ours.workspaceId]);
        for (const view of views) expect(await count(view), view).toBeGreaterThan(0);
        await client.query('commit');
        for (const view of views) expect(await count(view), view).toBe(0);
      } finally {
        client.release();
      }
    });

    test('200 interleaved requests on two connections never cross', async () => {
      const readers = [ours, theirs].map((agent) => ({ agent, reader: store.reader(agent.workspaceId) }));
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const { agent, reader } = readers[index % 2]!;
          const latest = await reader.latest([ours.serverId, theirs.serverId]);
          expect(latest.map(({ serverId }) => serverId)).toEqual([agent.serverId]);
        }),
      );
    });

    test("another workspace cannot read a server's history, parts or place by naming its id", async () => {
      const reader = store.reader(ours.workspaceId);
      const range = { from: new Date(Date.now() - DAY), to: new Date(), maxPoints: 100 };
      const history = await reader.history({ ...range, serverIds: [theirs.serverId], figures: ['cpuPct'] });
      expect(history.series).toEqual([]);
      const parts = await reader.partHistory({
        ...range,
        serverId: theirs.serverId,
        kind: 'MOUNT',
        figures: ['usedPct'],
      });
      expect(parts.series).toEqual([]);
      expect(await reader.partNames(theirs.serverId, 'MOUNT')).toEqual([]);
      expect((await reader.top('cpuPct', 10)).map(({ serverId }) => serverId)).toEqual([ours.serverId]);
    });

    test("a condition of the reader's own is never tried on rows of another workspace", async () => {
      const read = (table: string, workspaceId: string) =>
        tenantQuery(store.appPool, workspaceId)(
          `select 1 from telemetry.${table} where 1 / (server_id - ${theirs.metricKey}) < 9`,
          [],
        );
      for (const view of views) {
        await read(view, ours.workspaceId);
        await expect(read(view, theirs.workspaceId), view).rejects.toThrow('division by zero'); // it would have told
      }
    });

    test('every view is a security barrier', async () => {
      const { rows } = await store.owner.query<{ name: string; options: string[] | null }>(
        `select relname as name, reloptions as options from pg_class where relnamespace = 'telemetry'::regnamespace and relkind = 'v'`,
      );
      const open = rows.filter(({ options }) => !options?.includes('security_barrier=true')).map(({ name }) => name);
      expect(open).toEqual(Object.keys(WITHOUT_TENANT));
    });

    test('the app role can use neither the tables beneath nor the functions that write and maintain', async () => {
      const { rows } = await store.owner.query<{ name: string }>(
        `select c.oid::regclass::text as name from pg_class c
          where relkind in ('r', 'p', 'v') and relowner = 'ph_telemetry_owner'::regrole
            and relnamespace <> 'telemetry'::regnamespace`,
      );
      expect(rows.length).toBeGreaterThan(30);
      for (const { name } of rows) {
        await expect(store.appPool.query(`select * from ${name}`), name).rejects.toThrow('permission denied');
      }
      await expect(store.appPool.query('select telemetry.maintain()')).rejects.toThrow('permission denied');
      await expect(store.appPool.query('select telemetry_logic.maintain_at(now())')).rejects.toThrow(
        'permission denied',
      );
    });

    test("the writer's role reads nothing, chooses no time, and has no other way to write", async () => {
      const forbidden = [
        ...views.map((view) => `select * from telemetry.${view}`),
        'select * from telemetry_raw.host_sample',
        'select * from telemetry_raw.server_latest',
        'select * from telemetry_raw.part',
        `insert into telemetry_raw.host_sample (time, server_id) values (now(), 1)`,
        'select telemetry_logic.ensure_partitions(now(), true)',
        'select telemetry.visible_servers()',
        'select telemetry.maintain()',
        'select id from public.servers',
      ];
      for (const sql of forbidden) await expect(store.writerPool.query(sql), sql).rejects.toThrow('permission denied');
    });

    test("the database ends a writer's statement before late rows would go unnoticed", async () => {
      const { rows } = await store.writerPool.query('show statement_timeout');
      expect(rows[0].statement_timeout).toBe('20s');
    });

    test('every function that runs with the rights of the owner fixes its search path, and PUBLIC may call none', async () => {
      const { rows } = await store.owner.query(
        `select p.oid::regprocedure::text as name from pg_proc p
          where pronamespace in ('telemetry'::regnamespace, 'telemetry_logic'::regnamespace)
            and (not coalesce(proconfig @> array['search_path=pg_catalog, pg_temp'], false)
              or exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0))`,
      );
      expect(rows).toEqual([]);
    });
  });
}
