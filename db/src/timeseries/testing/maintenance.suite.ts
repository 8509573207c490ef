import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MetricsBackend } from '../metrics.backend.js';
import { RetentionRefusedError, setRetention } from '../retention.js';
import { fingerprint, recompute } from './recompute.js';
import {
  batchOf,
  DAY,
  floorTo,
  HOUR,
  MINUTE,
  openStore,
  partAt,
  sampleAt,
  SECOND,
  type TestAgent,
  type TestStore,
} from './store.kit.js';

export function maintenanceSuite(backend: MetricsBackend): void {
  describe(`maintenance, ${backend.name} driver`, () => {
    let store: TestStore;
    /** The watermarks of a fresh store stand at the present; simulated time goes on from the next day. */
    let start: number;
    beforeEach(async () => {
      store = await openStore(backend);
      start = floorTo(Date.now() + DAY, DAY).getTime();
    });
    afterEach(() => store.close());

    const samplesOf = (from: number, to: number, seed: number) =>
      Array.from({ length: (to - from) / (10 * SECOND) }, (_, index) => {
        const wave = Math.sin(index / 40 + seed);
        return sampleAt(new Date(from + index * 10 * SECOND), {
          cpuPct: 50 + 50 * wave,
          netRxKibs: 1_000_000 + 1_000_000 * wave,
          memUsedMib: (index * 7919 * (seed + 1)) % 64_000,
          psiCpuPct: seed % 2 === 0 ? 25 + 25 * wave : null,
        });
      });
    const partsOf = (from: number, to: number, seed: number) =>
      Array.from({ length: (to - from) / MINUTE }, (_, index) => new Date(from + index * MINUTE)).flatMap((time) => [
        partAt(time, '/', { usedPct: (time.getTime() / MINUTE + seed) % 100 }),
        partAt(time, 'eth0', {
          kind: 'INTERFACE',
          usedPct: null,
          usedMib: null,
          sizeMib: null,
          inodesUsedPct: null,
          rxKibs: seed,
        }),
      ]);
    const retain = async (tier: string, keepDays: number | null): Promise<void> => {
      const admin = new Client({ connectionString: store.database.adminUrl });
      await admin.connect();
      try {
        await setRetention(admin, { tier, keepDays });
      } finally {
        await admin.end();
      }
    };
    const batch = (agent: TestAgent, from: number, to: number) =>
      batchOf(agent, { samples: samplesOf(from, to, agent.metricKey), parts: partsOf(from, to, agent.metricKey) });

    test('every roll-up equals a computation from the samples, also with servers that come back late and repeat themselves', async () => {
      const agents = [];
      for (let index = 0; index < 4; index += 1) agents.push(await store.addAgent());
      const [steady, skewed, absent, repeating] = agents as [TestAgent, TestAgent, TestAgent, TestAgent];
      const step = 10 * MINUTE;
      for (let from = start; from < start + 26 * HOUR; from += step) {
        const now = new Date(from + step);
        const away = from >= start + 2 * HOUR && from < start + 20 * HOUR;
        await store.writeAt(now, [
          batch(steady, from, from + step),
          batch(skewed, from + 40 * SECOND, from + step + 40 * SECOND),
          ...(away ? [] : [batch(absent, from, from + step)]),
          batch(repeating, from - step, from + step),
        ]);
        await store.maintain(now);
        if (from === start + 20 * HOUR) await store.writeAt(now, [batch(absent, start + 2 * HOUR, start + 20 * HOUR)]);
      }
      const checks = await recompute(store.owner);
      expect(checks.map(({ tier, wrong }) => ({ tier, wrong }))).toEqual(
        ['host_1m', 'host_1h', 'host_1d', 'host_part_1h', 'host_part_1d'].map((tier) => ({ tier, wrong: 0 })),
      );
      const perServer = [26 * 60, 26, 2, 2 * 26, 2 * 2];
      checks.forEach(({ tier, buckets }, index) => expect(buckets, tier).toBeGreaterThanOrEqual(4 * perServer[index]!));
      const stored = await fingerprint(store.owner, 'host_1m');
      expect(stored.rows).toBeGreaterThan(4 * 26 * 60 - 60); // from the table, not computed as it is read
    });

    test('rows that come days late, and come again, are counted once in every tier', async () => {
      const [agent, other] = [await store.addAgent(), await store.addAgent()];
      await store.maintain(new Date(start));
      const present = new Date(start + 5.5 * DAY);
      await store.writeAt(new Date(start + DAY), [
        batch(agent, start, start + 12 * HOUR),
        batch(other, start, start + 12 * HOUR),
      ]);
      await store.maintain(present);
      const late = [batch(agent, start + 11 * HOUR, start + 14 * HOUR)];
      await store.writeAt(present, late);
      await store.maintain(present);
      await store.writeAt(present, late);
      await store.maintain(present);
      expect((await recompute(store.owner)).filter(({ wrong }) => wrong > 0)).toEqual([]);
      const { rows } = await store.owner.query('select n from telemetry_raw.host_1d order by server_id');
      expect(rows).toEqual([{ n: 14 * 360 }, { n: 12 * 360 }]);
    });

    test('rolls up what was written while nobody did for days, before retention takes the samples', async () => {
      const agent = await store.addAgent();
      await store.maintain(new Date(start));
      for (let from = start; from < start + DAY; from += HOUR) {
        await store.writeAt(new Date(from + HOUR), [batch(agent, from, from + HOUR)]);
      }
      await store.owner.query('delete from telemetry_raw.host_dirty; delete from telemetry_raw.host_part_dirty');
      const { dropped } = await store.maintain(new Date(start + 32 * DAY));
      expect(dropped).not.toEqual([]);
      const { rows } = await store.owner.query(
        'select sum(n)::int as n, count(*)::int as days from telemetry_raw.host_1d',
      );
      expect(rows[0]).toEqual({ n: 8640, days: 1 });
      expect((await fingerprint(store.owner, 'host_sample')).rows).toBe(0);
    });

    test('retention takes a tier at its age and never touches the tiers above', async () => {
      const samplesDays = await store.keepDays('host_sample');
      await retain('host_1m', 31); // longer than the samples, with every driver
      const agent = await store.addAgent();
      await store.writeAt(new Date(start + HOUR), [batch(agent, start, start + HOUR)]);
      await store.maintain(new Date(start + 3 * DAY));
      const tables = [
        'host_sample',
        'host_1m',
        'host_1h',
        'host_1d',
        'host_part_sample',
        'host_part_1h',
        'host_part_1d',
      ];
      const before = new Map<string, unknown>();
      for (const table of tables) before.set(table, await fingerprint(store.owner, table));
      const kept = async (days: number): Promise<string[]> => {
        await store.maintain(new Date(start + days * DAY));
        const left = [];
        for (const table of tables) {
          const now = await fingerprint(store.owner, table);
          if (now.rows > 0) {
            expect(now, table).toEqual(before.get(table));
            left.push(table);
          }
        }
        return left;
      };
      expect(await kept(samplesDays + 0.9)).toEqual(tables);
      expect(await kept(samplesDays + 1)).toEqual(['host_1m', 'host_1h', 'host_1d', 'host_part_1h', 'host_part_1d']);
      expect(await kept(31.9)).toEqual(['host_1m', 'host_1h', 'host_1d', 'host_part_1h', 'host_part_1d']);
      expect(await kept(32)).toEqual(['host_1h', 'host_1d', 'host_part_1h', 'host_part_1d']);
      expect(await kept(432)).toEqual(['host_1d', 'host_part_1d']);
      expect(await kept(1200 + 366)).toEqual(['host_1d']);
      expect((await fingerprint(store.owner, 'part')).rows).toBe(0);
    });

    test('removes all that is left of a deleted server an hour after, and nothing of others', async () => {
      const [deleted, other] = [await store.addAgent(), await store.addAgent()];
      await store.maintain(new Date(start));
      await store.writeAt(new Date(start + 3 * DAY), [
        batch(deleted, start, start + 30 * HOUR),
        batch(other, start, start + HOUR),
      ]);
      await store.maintain(new Date(start + 3 * DAY));
      const admin = new Client({ connectionString: store.database.adminUrl });
      await admin.connect();
      const deletedFor = async (age: string) => {
        await admin.query(`update servers set deleted_at = now() - $2::interval where id = $1`, [
          deleted.serverId,
          age,
        ]);
        await store.maintain(new Date(start + 3 * DAY));
      };
      const rowsOf = async ({ metricKey }: TestAgent) => {
        const { rows } = await store.owner.query<{ name: string }>(
          `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'server_id' and not a.attisdropped
            where n.nspname = 'telemetry_raw' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
        );
        const counts: Record<string, number> = {};
        for (const { name } of rows) {
          const { rowCount } = await store.owner.query(`select from telemetry_raw.${name} where server_id = $1`, [
            metricKey,
          ]);
          if (rowCount! > 0) counts[name] = rowCount!;
        }
        return counts;
      };
      const [before, others] = [await rowsOf(deleted), await rowsOf(other)];
      expect(Object.keys(before)).toEqual(
        expect.arrayContaining([
          'host_1d',
          'host_1h',
          'host_1m',
          'host_part_1d',
          'host_part_sample',
          'host_sample',
          'part',
          'server_latest',
        ]),
      );
      await deletedFor('59 minutes');
      expect(await rowsOf(deleted)).toEqual(before);
      await deletedFor('61 minutes');
      expect(await rowsOf(deleted)).toEqual({});
      expect(await rowsOf(other)).toEqual(others);
      await admin.end();
    });

    test('samples on both sides of midnight are stored and counted in their own days', async () => {
      const agent = await store.addAgent();
      const midnight = start + DAY;
      const times = [midnight - 10 * SECOND, midnight, midnight + 40 * SECOND].map((time) => new Date(time));
      const [report] = await store.writeAt(new Date(midnight - 10 * SECOND), [
        batchOf(agent, { samples: times.map((time) => sampleAt(time)) }),
      ]);
      expect(report!.written).toBe(3);
      await store.maintain(new Date(midnight + DAY + 2 * MINUTE));
      const { rows } = await store.owner.query('select bucket, n from telemetry_raw.host_1d order by bucket');
      expect(rows).toEqual([
        { bucket: new Date(start), n: 1 },
        { bucket: new Date(midnight), n: 2 },
      ]);
    });

    test('of two processes at once one works, the other says so, and both may go on', async () => {
      const other = new Client({ connectionString: store.database.jobsUrl });
      await other.connect();
      await store.owner.query('begin');
      expect(await store.maintain(new Date())).toMatchObject({ ran: true });
      expect(await backend.maintain(other)).toEqual({ ran: false, dropped: [] });
      await store.owner.query('commit');
      expect(await backend.maintain(other)).toMatchObject({ ran: true });
      await other.end();
    });

    test('the jobs role maintains by the clock of the database and can neither read samples nor choose the time', async () => {
      const jobs = new Client({ connectionString: store.database.jobsUrl });
      await jobs.connect();
      expect(await backend.maintain(jobs)).toMatchObject({ ran: true });
      await expect(backend.maintain(jobs, new Date())).rejects.toThrow('permission denied');
      await expect(jobs.query('select * from telemetry_raw.host_sample')).rejects.toThrow('permission denied');
      await expect(jobs.query('select * from telemetry.host_sample')).rejects.toThrow('permission denied');
      await jobs.end();
    });

    test('figures too small for an average do not stop the roll-up', async () => {
      const agent = await store.addAgent();
      const samples = [1e-45, 0, 0, 1e-300].map((cpuPct, index) =>
        sampleAt(new Date(start + index * 10 * SECOND), { cpuPct, psiIoPct: cpuPct }),
      );
      await store.writeAt(new Date(start + MINUTE), [batchOf(agent, { samples })]);
      await store.maintain(new Date(start + 2 * DAY));
      const { rows } = await store.owner.query('select n, cpu_pct_avg as avg from telemetry_raw.host_1d');
      expect(rows).toEqual([{ n: 4, avg: 0 }]);
    });

    test('refuses a retention outside its bounds or shorter than what is made from the tier', async () => {
      await expect(retain('host_sample', 6)).rejects.toThrow('from 7 to 30 days');
      await expect(retain('host_sample', 31)).rejects.toBeInstanceOf(RetentionRefusedError);
      await retain('host_sample', 7);
      await retain('host_sample', 30);
      await expect(retain('host_1m', 29)).rejects.toThrow('at least as long as');
      await retain('host_1m', 31);
      await expect(retain('host_1h', null)).rejects.toBeInstanceOf(RetentionRefusedError);
      await retain('host_1d', 400);
      await expect(retain('host_1d', 399)).rejects.toBeInstanceOf(RetentionRefusedError);
      await retain('host_1d', null);
      await expect(retain('nonsense', 9)).rejects.toBeInstanceOf(RetentionRefusedError);
    });

    test('a longer retention is in force at once, with partitions for the longer past', async () => {
      await retain('host_sample', 7);
      const agent = await store.addAgent();
      const now = new Date();
      const samples = [sampleAt(new Date(now.getTime() - 29 * DAY))];
      expect((await store.writeAt(now, [batchOf(agent, { samples })]))[0]!.refused).toHaveLength(1);
      await retain('host_sample', 30);
      expect((await store.writeAt(now, [batchOf(agent, { samples })]))[0]!.written).toBe(1);
      await store.maintain(now);
      const { rows } = await store.owner.query('select n from telemetry_raw.host_1d');
      expect(rows).toEqual([{ n: 1 }]);
    });

    test('drops what is older than a given day on demand', async () => {
      const agent = await store.addAgent();
      const today = floorTo(Date.now(), DAY);
      const before = new Date(today.getTime() - 5 * DAY);
      const times = [before.getTime() - 10 * SECOND, before.getTime(), today.getTime()].map((time) => new Date(time));
      await store.writeAt(new Date(), [batchOf(agent, { samples: times.map((time) => sampleAt(time)) })]);
      expect(await backend.dropOlderThan(store.owner, 'host_sample', before)).not.toEqual([]);
      const { rows } = await store.owner.query('select time from telemetry_raw.host_sample order by time');
      expect(rows.map(({ time }) => time)).toEqual(times.slice(1));
      expect(await backend.dropOlderThan(store.owner, 'host_sample', before)).toEqual([]);
      await expect(backend.dropOlderThan(store.owner, 'part', today)).rejects.toThrow('There is no tier');
    });
  });
}
