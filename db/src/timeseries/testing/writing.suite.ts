import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricsBackend } from '../metrics.backend.js';
import { MAX_PARTS_PER_KIND, PART_LIFE_DAYS } from '../tiers.js';
import { TelemetryOverloadedError, TelemetryWriter } from '../write/telemetry.writer.js';
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
  type TestStore,
} from './store.kit.js';

export function writingSuite(backend: MetricsBackend): void {
  describe(`writing, ${backend.name} driver`, () => {
    let store: TestStore;
    let writer: TelemetryWriter;
    beforeAll(async () => {
      store = await openStore(backend);
      writer = new TelemetryWriter(store.writerPool);
    });
    afterAll(() => store.close());

    const countOf = async (table: string, metricKey: number): Promise<number> => {
      const { rows } = await store.owner.query(
        `select count(*)::int as n from telemetry_raw.${table} where server_id = $1`,
        [metricKey],
      );
      return rows[0].n;
    };

    test('stores a batch and answers with its rows', async () => {
      const agent = await store.addAgent();
      const time = floorTo(Date.now(), 10 * SECOND);
      const batch = batchOf(agent, { samples: [sampleAt(time)], parts: [partAt(time, '/'), partAt(time, '/srv')] });
      expect(await writer.write(batch)).toEqual({ fenced: false, written: 3, refused: [] });
      const latest = await store.reader(agent.workspaceId).latest([agent.serverId]);
      const { time: _, ...figures } = sampleAt(time);
      expect(latest).toEqual([{ serverId: agent.serverId, time, ...figures }]);
    });

    test('takes a replayed batch, and rows twice in one batch, without storing them again', async () => {
      const agent = await store.addAgent();
      const time = new Date();
      const batch = batchOf(agent, {
        samples: [sampleAt(time), sampleAt(time)],
        parts: [partAt(time, '/'), partAt(time, '/')],
      });
      expect((await writer.write(batch)).written).toBe(4);
      expect((await writer.write(batch)).written).toBe(4);
      expect(await countOf('host_sample', agent.metricKey)).toBe(1);
      expect(await countOf('host_part_sample', agent.metricKey)).toBe(1);
    });

    test('keeps the newest sample as the latest when an older one comes after it', async () => {
      const agent = await store.addAgent();
      const now = floorTo(Date.now(), 10 * SECOND);
      await writer.write(batchOf(agent, { samples: [sampleAt(now, { cpuPct: 90 })] }));
      await writer.write(batchOf(agent, { samples: [sampleAt(new Date(now.getTime() - HOUR), { cpuPct: 10 })] }));
      const [latest] = await store.reader(agent.workspaceId).latest([agent.serverId]);
      expect(latest).toMatchObject({ time: now, cpuPct: 90 });
    });

    test('leaves out a connection whose epoch is not current, and writes the others of the same flush', async () => {
      const [current, replaced] = await Promise.all([store.addAgent(), store.addAgent()]);
      const stale = { ...replaced, epoch: { generation: 1, counter: 0 } };
      const samples = [sampleAt(new Date())];
      const parts = [partAt(new Date(), '/')];
      const reports = await Promise.all(
        [current, stale].map((agent) => writer.write(batchOf(agent, { samples, parts }))),
      );
      expect(reports).toEqual([
        { fenced: false, written: 2, refused: [] },
        { fenced: true, written: 0, refused: [] },
      ]);
      expect(await countOf('host_sample', replaced.metricKey)).toBe(0);
      expect(await countOf('host_part_sample', replaced.metricKey)).toBe(0);
      expect(await countOf('part', replaced.metricKey)).toBe(0);
    });

    test('judges two epochs of one server that wait together each by itself', async () => {
      const agent = await store.addAgent();
      const first = writer.write(batchOf(await store.addAgent(), { samples: [sampleAt(new Date())] }));
      const stale = writer.write(
        batchOf({ ...agent, epoch: { generation: 1, counter: 9 } }, { samples: [sampleAt(new Date())] }),
      );
      const current = writer.write(batchOf(agent, { samples: [sampleAt(new Date())] }));
      const reports = await Promise.all([first, stale, current]);
      expect(reports.map(({ fenced }) => fenced)).toEqual([false, true, false]);
    });

    test('refuses what is further ahead than 60 s or older than samples are kept, and takes what is just inside', async () => {
      const agent = await store.addAgent();
      const at = new Date(Math.floor(Date.now() / SECOND) * SECOND);
      const kept = (await store.keepDays('host_sample')) * DAY;
      const ages = [-60 * SECOND, -61 * SECOND, kept, kept + SECOND, -8_000 * 365 * DAY];
      const times = ages.map((age) => new Date(at.getTime() - age));
      const rows = { samples: times.map((time) => sampleAt(time)), parts: times.map((time) => partAt(time, '/')) };
      const [report] = await store.writeAt(at, [batchOf(agent, rows)]);
      const refused = (kind: string) => [
        { index: 1, kind, reason: 'IN_FUTURE' },
        { index: 3, kind, reason: 'TOO_OLD' },
        { index: 4, kind, reason: 'IN_FUTURE' },
      ];
      expect(report).toEqual({ fenced: false, written: 4, refused: [...refused('sample'), ...refused('part')] });
    });

    test('gives 64 parts of a kind a place and refuses the 65th, in one batch and later', async () => {
      const agent = await store.addAgent();
      const time = new Date();
      const parts = Array.from({ length: MAX_PARTS_PER_KIND + 1 }, (_, index) => partAt(time, `/mnt/${index}`));
      const report = await writer.write(batchOf(agent, { parts }));
      const refusal = { kind: 'part', reason: 'TOO_MANY_PARTS' };
      expect(report).toEqual({ fenced: false, written: 64, refused: [{ index: 64, ...refusal }] });
      const later = await writer.write(batchOf(agent, { parts: [partAt(time, '/new'), partAt(time, '/mnt/63')] }));
      expect(later.refused).toEqual([{ index: 0, ...refusal }]);
      const otherKind = await writer.write(batchOf(agent, { parts: [partAt(time, 'sda', { kind: 'DISK' })] }));
      expect(otherKind.refused).toEqual([]);
    });

    test('frees the place of a part that was not seen for its life, for one newcomer', async () => {
      const agent = await store.addAgent();
      const now = Date.now();
      const seen = new Date(now - PART_LIFE_DAYS * DAY);
      const names = Array.from({ length: MAX_PARTS_PER_KIND }, (_, index) => `/mnt/${index}`);
      await store.writeAt(seen, [batchOf(agent, { parts: names.map((name) => partAt(seen, name)) })]);
      const justBefore = new Date(now - SECOND);
      const newcomer = (at: Date, name: string) => store.writeAt(at, [batchOf(agent, { parts: [partAt(at, name)] })]);
      expect((await newcomer(justBefore, '/new'))[0]!.refused).toHaveLength(1);
      await store.writeAt(justBefore, [
        batchOf(agent, { parts: names.slice(1).map((name) => partAt(justBefore, name)) }),
      ]);
      expect((await newcomer(new Date(now), '/new'))[0]!.refused).toHaveLength(0);
      expect((await newcomer(new Date(now), names[0]!))[0]!.refused).toHaveLength(1);
    });

    test('two connections at once never give one server more than 64 parts', async () => {
      const agent = await store.addAgent();
      const writers = [writer, new TelemetryWriter(store.writerPool), new TelemetryWriter(store.writerPool)];
      const parts = (from: number) =>
        Array.from({ length: 40 }, (_, index) => partAt(new Date(), `/mnt/${from + index}`));
      await Promise.all(writers.map((each, index) => each.write(batchOf(agent, { parts: parts(index * 40) }))));
      expect(await countOf('part', agent.metricKey)).toBe(MAX_PARTS_PER_KIND);
    });

    test('batches that wait while a flush is under way are committed together', async () => {
      const agents = await Promise.all(Array.from({ length: 20 }, () => store.addAgent()));
      await Promise.all(agents.map((agent) => writer.write(batchOf(agent, { samples: [sampleAt(new Date())] }))));
      const keys = agents.map(({ metricKey }) => metricKey);
      const { rows } = await store.owner.query(
        'select count(distinct xmin::text)::int as n from telemetry_raw.host_sample where server_id = any ($1)',
        [keys],
      );
      expect(rows[0].n).toBe(2);
    });

    test('under load two flushes go side by side, each batch once and in its own server', async () => {
      const agents = await Promise.all(Array.from({ length: 8 }, () => store.addAgent()));
      const busy = new TelemetryWriter(store.writerPool, { maxRowsPerFlush: 20 });
      const now = floorTo(Date.now(), 10 * SECOND).getTime();
      const batches = Array.from({ length: 40 }, (_, turn) =>
        agents.map((agent, index) =>
          batchOf(agent, { samples: [sampleAt(new Date(now - turn * 10 * SECOND), { load1: index })] }),
        ),
      ).flat();
      const reports = await Promise.all(batches.map((each) => busy.write(each)));
      expect(reports.every(({ written }) => written === 1)).toBe(true);
      const { rows } = await store.owner.query(
        `select server_id, min(load1) as min, max(load1) as max, count(*)::int as n from telemetry_raw.host_sample
          where server_id = any ($1) group by 1 order by 1`,
        [agents.map(({ metricKey }) => metricKey)],
      );
      const expected = agents.map(({ metricKey }, index) => ({ server_id: metricKey, min: index, max: index, n: 40 }));
      expect(rows).toEqual(expected.sort((a, b) => a.server_id - b.server_id));
      await busy.drain();
    });

    test('refuses batches beyond its bound, takes one just within, and takes again when there is room', async () => {
      const agent = await store.addAgent();
      const small = new TelemetryWriter(store.writerPool, { maxPendingRows: 2 });
      const one = () => small.write(batchOf(agent, { samples: [sampleAt(new Date())] }));
      const [first, second, third] = [one(), one(), one()];
      await expect(third).rejects.toBeInstanceOf(TelemetryOverloadedError);
      await Promise.all([first, second]);
      expect((await one()).written).toBe(1);
    });

    test('a batch that the database cannot take does not take others with it', async () => {
      const agents = await Promise.all([store.addAgent(), store.addAgent(), store.addAgent()]);
      const poisoned = { ...agents[1]!, serverId: 'not an id' };
      const writes = [agents[0]!, poisoned, agents[2]!].map((agent) =>
        writer.write(batchOf(agent, { samples: [sampleAt(new Date())] })),
      );
      const settled = await Promise.allSettled(writes);
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });

    test('makes the partitions it needs when nobody kept them ahead', async () => {
      const agent = await store.addAgent();
      const later = new Date(Date.now() + 9 * DAY);
      const [report] = await store.writeAt(later, [batchOf(agent, { samples: [sampleAt(later)] })]);
      expect(report!.written).toBe(1);
    });

    test('notes rows older than 30 s as late, and those just younger not', async () => {
      const agent = await store.addAgent();
      const at = floorTo(Date.now(), MINUTE);
      const write = (ageMs: number) =>
        store.writeAt(at, [batchOf(agent, { samples: [sampleAt(new Date(at.getTime() - ageMs))] })]);
      await write(30 * SECOND);
      expect(await countOf('host_dirty', agent.metricKey)).toBe(0);
      await write(40 * SECOND);
      expect(await countOf('host_dirty', agent.metricKey)).toBe(1);
    });
  });
}
