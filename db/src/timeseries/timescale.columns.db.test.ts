import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasTimescale } from '../testing/index.js';
import { BACKENDS } from './drivers.js';
import { recompute } from './testing/recompute.js';
import {
  batchOf,
  DAY,
  floorTo,
  openStore,
  sampleAt,
  SECOND,
  type TestAgent,
  type TestStore,
} from './testing/store.kit.js';

describe.skipIf(!hasTimescale())('columns [needs timescaledb]', () => {
  let store: TestStore;
  /** Midnight of a day that the samples of a test are of. */
  let day: number;
  beforeEach(async () => {
    store = await openStore(BACKENDS.timescaledb);
    day = floorTo(Date.now() + DAY, DAY).getTime();
  });
  afterEach(() => store.close());

  const samples = (agent: TestAgent, count: number, everySeconds: number) =>
    batchOf(agent, {
      samples: Array.from({ length: count }, (_, index) => sampleAt(new Date(day + index * everySeconds * SECOND))),
    });

  const states = async (tier: string): Promise<string[][]> => {
    const { rows } = await store.owner.query<{ state: string[] }>(
      `select coalesce(_timescaledb_functions.chunk_status_text(chunk), '{}') as state
         from telemetry_logic.partition where tier = $1 order by ends_at`,
      [tier],
    );
    return rows.map(({ state }) => state);
  };

  test('samples are stored in columns a day after their own, the day before not', async () => {
    const agent = await store.addAgent();
    await store.writeAt(new Date(day + DAY), [samples(agent, 1000, 60)]);
    await store.maintain(new Date(day + 2 * DAY - SECOND));
    expect(await states('host_sample')).toEqual([[]]);
    await store.maintain(new Date(day + 2 * DAY));
    expect(await states('host_sample')).toEqual([['COMPRESSED']]);
    expect(await states('host_1m')).toEqual([[]]);
    await store.maintain(new Date(day + 3 * DAY));
    expect(await states('host_1m')).toEqual([['COMPRESSED']]);
    expect((await recompute(store.owner)).filter(({ wrong }) => wrong > 0)).toEqual([]);
  });

  test('late rows open a chunk for as long as the next maintenance takes', async () => {
    const agent = await store.addAgent();
    const late = new Date(day + 4 * DAY);
    await store.writeAt(new Date(day + DAY), [samples(agent, 1000, 60)]);
    await store.maintain(late);
    const half = batchOf(agent, { samples: [sampleAt(new Date(day + 30 * SECOND))] });
    expect((await store.writeAt(late, [half]))[0]!.written).toBe(1);
    expect(await states('host_sample')).toEqual([['COMPRESSED', 'PARTIAL']]);
    await store.maintain(late);
    expect(await states('host_sample')).toEqual([['COMPRESSED']]);
    expect(await states('host_1m')).toEqual([['COMPRESSED']]);
    const { rows } = await store.owner.query('select n from telemetry_raw.host_1m order by bucket limit 2');
    expect(rows).toEqual([{ n: 2 }, { n: 1 }]);
  });

  test('late rows of many servers open the columns of more buckets than TimescaleDB would let a statement open', async () => {
    const servers = 80; // 1,440 minutes each: more than 100,000
    const late = new Date(day + 4 * DAY);
    await store.owner.query(
      `insert into telemetry_raw.host_sample (time, server_id, cpu_pct)
       select t, s, 5 from generate_series($1::timestamptz, $1::timestamptz + interval '1439 minutes', interval '1 minute') t,
         generate_series(1, $2::int) s`,
      [new Date(day), servers],
    );
    await store.maintain(late);
    expect(await states('host_1m')).toEqual([['COMPRESSED']]);
    await store.owner.query(
      `insert into telemetry_raw.host_dirty select s, $1::timestamptz, $1::timestamptz + interval '1439 minutes'
         from generate_series(1, $2::int) s`,
      [new Date(day), servers],
    );
    await store.maintain(late);
    expect((await recompute(store.owner)).map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0, 0]);
  });
});
