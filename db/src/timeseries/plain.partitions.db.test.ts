import { expect, test } from 'vitest';
import { BACKENDS } from './drivers.js';
import { DAY, floorTo, openStore, SECOND } from './testing/store.kit.js';

test('keeps partitions two days ahead', async () => {
  const store = await openStore(BACKENDS.plain);
  const start = floorTo(Date.now() + DAY, DAY).getTime();
  await store.maintain(new Date(start + DAY - SECOND));
  const { rows } = await store.owner.query(
    `select max(ends_at) as until from telemetry_logic.partition where tier = 'host_sample'`,
  );
  expect(rows[0].until).toEqual(new Date(start + 3 * DAY));
  await store.close();
});
