import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostFigure } from '../figures.js';
import type { MetricsBackend } from '../metrics.backend.js';
import { TelemetryQueryError } from '../read/telemetry.query.js';
import type { TelemetryReader } from '../read/telemetry.reader.js';
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

export function readingSuite(backend: MetricsBackend): void {
  describe(`reading, ${backend.name} driver`, () => {
    let store: TestStore;
    let agent: TestAgent;
    let reader: TelemetryReader;
    /** Full hour, some hours ago; a sample with cpuPct = minute of the hour every 10 s, but none in minutes 20 to 39. */
    let hour: Date;
    const after = (ms: number): Date => new Date(hour.getTime() + ms);
    beforeAll(async () => {
      store = await openStore(backend);
      agent = await store.addAgent();
      reader = store.reader(agent.workspaceId);
      hour = new Date(floorTo(Date.now(), HOUR).getTime() - 5 * HOUR);
      const times = Array.from({ length: 360 }, (_, index) => after(index * 10 * SECOND)).filter(
        (time) => time.getUTCMinutes() < 20 || time.getUTCMinutes() >= 40,
      );
      const samples = times.map((time) => sampleAt(time, { cpuPct: time.getUTCMinutes(), psiCpuPct: null }));
      const parts = times.flatMap((time) => [
        partAt(time, '/', { usedPct: time.getUTCMinutes() }),
        partAt(time, '/srv'),
      ]);
      await store.writeAt(new Date(), [batchOf(agent, { samples, parts })]);
      await store.maintain(new Date());
    });
    afterAll(() => store.close());

    test('an hour is read from the samples, with null where there are none', async () => {
      const range = { from: hour, to: after(HOUR), maxPoints: 360 };
      const history = await reader.history({ ...range, serverIds: [agent.serverId], figures: ['cpuPct'] });
      expect(history).toMatchObject({ stepSeconds: 10, tierSeconds: 10 });
      expect(history.times).toHaveLength(360);
      expect(history.times[0]).toEqual(hour);
      const [series] = history.series;
      expect(series!.avg[6 * 20 - 1]).toBe(19);
      expect(series!.avg.slice(6 * 20, 6 * 40)).toEqual(new Array(120).fill(null));
      expect(series!.max[6 * 40]).toBe(40);
    });

    test('points wider than a tier keep its maximum and weigh its averages', async () => {
      const range = { from: hour, to: after(HOUR), maxPoints: 6 };
      const history = await reader.history({ ...range, serverIds: [agent.serverId], figures: ['cpuPct', 'psiCpuPct'] });
      expect(history).toMatchObject({ stepSeconds: 600, tierSeconds: 60 });
      expect(history.series).toEqual([
        {
          serverId: agent.serverId,
          figure: 'cpuPct',
          avg: [4.5, 14.5, null, null, 44.5, 54.5],
          max: [9, 19, null, null, 49, 59],
        },
        { serverId: agent.serverId, figure: 'psiCpuPct', avg: new Array(6).fill(null), max: new Array(6).fill(null) },
      ]);
    });

    test('every tier gives the same average of the whole', async () => {
      const expected = (19 * 10 + 59 * 30 - 39 * 20 + 0) / 40; // mean of 0..19 and 40..59
      for (const [rangeMs, tierSeconds] of [
        [HOUR, 60],
        [8 * DAY, 3600],
        [91 * DAY, 86_400],
      ] as const) {
        const request = { from: new Date(hour.getTime() + HOUR - rangeMs), to: after(HOUR), maxPoints: 30 };
        const history = await reader.history({ ...request, serverIds: [agent.serverId], figures: ['cpuPct'] });
        expect(history.tierSeconds).toBe(tierSeconds);
        const values = history.series[0]!.avg.filter((value) => value !== null);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(mean).toBeCloseTo(expected, 3);
        expect(history.times.length).toBeLessThanOrEqual(31);
      }
    });

    test('compares servers in the order they were asked for, each once, and leaves out unknown ones', async () => {
      const other = await store.addAgent(agent.workspaceId);
      const unknown = '01890000-0000-7000-8000-000000000000';
      const serverIds = [other.serverId, agent.serverId, unknown, agent.serverId];
      const range = { from: hour, to: after(HOUR), maxPoints: 6 };
      const { series } = await reader.history({ ...range, serverIds, figures: ['load1'] });
      expect(series.map(({ serverId }) => serverId)).toEqual([other.serverId, agent.serverId]);
      expect(series[0]!.avg).toEqual(new Array(6).fill(null));
    });

    test('reads parts by name or all of a kind', async () => {
      const request = {
        serverId: agent.serverId,
        kind: 'MOUNT',
        figures: ['usedPct'],
        from: hour,
        to: after(HOUR),
        maxPoints: 6,
      } as const;
      const all = await reader.partHistory(request);
      expect(all).toMatchObject({ stepSeconds: 600, tierSeconds: 60 });
      expect(all.series.map(({ name }) => name).sort()).toEqual(['/', '/srv']);
      const { series } = await reader.partHistory({ ...request, names: ['/', '/none'] });
      expect(series).toEqual([
        {
          serverId: agent.serverId,
          name: '/',
          figure: 'usedPct',
          avg: [4.5, 14.5, null, null, 44.5, 54.5],
          max: [9, 19, null, null, 49, 59],
        },
      ]);
      expect((await reader.partNames(agent.serverId, 'MOUNT')).sort()).toEqual(['/', '/srv']);
      expect(await reader.partNames(agent.serverId, 'DISK')).toEqual([]);
    });

    test('ranks servers by a figure now, leaving out those not heard of for 2 minutes and those not asked for', async () => {
      const [low, high, silent] = [
        await store.addAgent(agent.workspaceId),
        await store.addAgent(agent.workspaceId),
        await store.addAgent(agent.workspaceId),
      ];
      const now = Date.now();
      const write = (who: TestAgent, ageMs: number, cpuPct: number) =>
        store.writeAt(new Date(), [batchOf(who, { samples: [sampleAt(new Date(now - ageMs), { cpuPct })] })]);
      await write(low, 0, 20);
      await write(high, 0, 80);
      await write(silent, 3 * MINUTE, 99);
      const ids = (await reader.top('cpuPct', 10)).map(({ serverId, value }) => [serverId, value]);
      expect(ids).toEqual([
        [high.serverId, 80],
        [low.serverId, 20],
      ]);
      expect(await reader.top('cpuPct', 1)).toHaveLength(1);
      expect((await reader.top('cpuPct', 5, [low.serverId])).map(({ serverId }) => serverId)).toEqual([low.serverId]);
    });

    test('takes 50 servers and 2,000 points and refuses one more, and whatever makes no sense', async () => {
      const ids = Array.from({ length: 51 }, () => agent.serverId);
      const valid = {
        serverIds: ids.slice(0, 50),
        figures: ['cpuPct'] as HostFigure[],
        from: hour,
        to: after(HOUR),
        maxPoints: 2000,
      };
      expect((await reader.history(valid)).series).toHaveLength(1);
      const refused = [
        { serverIds: ids },
        { maxPoints: 2001 },
        { maxPoints: 0 },
        { maxPoints: 1.5 },
        { to: hour },
        { to: new Date(NaN) },
        { figures: [] },
        { figures: ['cpuPct', 'cpuPct'] as HostFigure[] },
        { figures: ['cpu_pct" from x; --' as HostFigure] },
      ];
      for (const wrong of refused) {
        await expect(reader.history({ ...valid, ...wrong }), JSON.stringify(wrong)).rejects.toBeInstanceOf(
          TelemetryQueryError,
        );
      }
      await expect(reader.top('cpuPct', 201)).rejects.toBeInstanceOf(TelemetryQueryError);
      expect(await reader.top('cpuPct', 200)).toBeInstanceOf(Array);
    });
  });
}
