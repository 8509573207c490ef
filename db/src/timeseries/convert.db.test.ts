import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { convertTelemetry, migrate } from '../migrate/index.js';
import { createEmptyTestDatabase, hasTimescale, type TestDatabase } from '../testing/index.js';
import { withClient } from '../testing/test-database.js';
import { ConversionRefusedError } from './convert.js';
import { BACKENDS } from './drivers.js';
import { EXPORTED_TABLES } from './export.js';
import { ConversionUnfinishedError } from './install.js';
import { fingerprint, recompute } from './testing/recompute.js';
import {
  batchOf,
  DAY,
  floorTo,
  HOUR,
  openStoreIn,
  partAt,
  sampleAt,
  SECOND,
  type TestStore,
} from './testing/store.kit.js';

describe.skipIf(!hasTimescale())('conversion [needs timescaledb]', () => {
  let database: TestDatabase;
  let store: TestStore;
  const options = (log: (line: string) => void = () => undefined) => ({
    adminUrl: database.adminUrl,
    rolePasswords: database.rolePasswords,
    log,
  });
  beforeEach(async () => {
    database = await createEmptyTestDatabase('timescaledb');
    await migrate({ ...options(), telemetryDriver: 'plain' });
    store = await openStoreIn(database, BACKENDS.plain);
  });
  afterEach(async () => {
    await store.disconnect();
    await database.drop();
  });

  const driver = () =>
    withClient(database.adminUrl, async (client) => {
      const { rows } = await client.query('select driver from telemetry_raw.installation');
      return rows[0].driver as string;
    });
  const fingerprints = async (): Promise<unknown[]> => {
    const found = [];
    for (const table of EXPORTED_TABLES) found.push({ table, ...(await fingerprint(store.owner, table)) });
    return found;
  };

  /** Five days of one server, a late row that is not rolled up yet, and a retention that somebody set. */
  async function fill(): Promise<{ now: Date; workspaceId: string; serverId: string }> {
    const agent = await store.addAgent();
    const now = floorTo(Date.now(), HOUR);
    const times = Array.from({ length: 1000 }, (_, index) => new Date(now.getTime() - (index + 1) * 432 * SECOND));
    const batch = (some: Date[]) =>
      batchOf(agent, { samples: some.map((time) => sampleAt(time)), parts: some.map((time) => partAt(time, '/')) });
    await store.writeAt(now, [batch(times)]);
    await store.maintain(now);
    await store.writeAt(now, [batch([new Date(now.getTime() - 3 * DAY - 10 * SECOND)])]);
    await store.owner.query(`update telemetry_raw.tier set keep_days = 9 where name = 'host_sample'`);
    return { now, ...agent };
  }

  test('moves every row, goes on after an interruption, and Pilothouse does not start in between', async () => {
    const { now, workspaceId, serverId } = await fill();
    const before = await fingerprints();
    await store.disconnect();
    const interrupt = (line: string): void => {
      if (line.startsWith('7 of')) throw new Error('the power failed');
    };
    await expect(convertTelemetry(options(interrupt))).rejects.toThrow('the power failed');
    await expect(migrate(options())).rejects.toBeInstanceOf(ConversionUnfinishedError);
    await convertTelemetry(options());
    expect(await driver()).toBe('timescaledb');
    await migrate(options());

    store = await openStoreIn(database, BACKENDS.timescaledb);
    expect(await fingerprints()).toEqual(before);
    expect(await store.keepDays('host_sample')).toBe(9);
    await store.maintain(now);
    expect((await recompute(store.owner)).map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0, 0]);
    const { rows } = await store.owner.query('select sum(n)::int as n from telemetry_raw.host_1m');
    expect(rows).toEqual([{ n: 1001 }]);
    expect(await store.reader(workspaceId).latest([serverId])).toHaveLength(1);
    const other = await store.addAgent(workspaceId);
    const [report] = await store.writeAt(now, [batchOf(other, { parts: [partAt(now, '/new')] })]);
    expect(report!.written).toBe(1); // with an id that none of the moved parts has
  });

  test('refuses while Pilothouse is connected, and a store that is in TimescaleDB already', async () => {
    await store.appPool.query('select 1');
    await expect(convertTelemetry(options())).rejects.toThrow('stop it first');
    expect(await driver()).toBe('plain');
    await store.disconnect();
    await convertTelemetry(options());
    await expect(convertTelemetry(options())).rejects.toBeInstanceOf(ConversionRefusedError);
    store = await openStoreIn(database, BACKENDS.timescaledb);
  });
});
