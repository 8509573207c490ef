import { describe, expect, test } from 'vitest';
import { slope } from '../kernel/measure.js';
import { soak, type Moment } from './run-soak.js';

/**
 * Before the half hour that counts: V8 goes on compiling what is used for a quarter of an hour and more, and each MiB of
 * it is alive. Two heap snapshots five minutes apart, taken in that time, differ by compiled code alone.
 */
const WARM_UP_MINUTES = 30;
const MINUTES = WARM_UP_MINUTES + 30;
const MAX_MIB_PER_HOUR = 1;
const MINUTE_MS = 60_000;

const perHour = (moments: readonly Moment[], of: (moment: Moment) => number) =>
  slope(moments.map((moment) => [moment.atMs / (60 * MINUTE_MS), of(moment)]));

describe('half an hour of work', () => {
  test(
    'leaves no more descriptors and connections than it found, and no more memory of the api',
    async () => {
      const found = await soak({ minutes: MINUTES, agents: 100, warmUp: WARM_UP_MINUTES, awayMinutes: 4 });
      expect({ failures: found.work.failures, missing: found.missing }).toEqual({ failures: 0, missing: 0 });
      expect(found.after.api).toBeLessThanOrEqual(found.before.api);
      expect(found.after.agent).toBeLessThanOrEqual(found.before.agent);
      expect(found.after.database).toBeLessThanOrEqual(found.before.database);
      expect(perHour(found.moments, ({ api }) => api)).toBeLessThan(MAX_MIB_PER_HOUR);
      expect(perHour(found.moments, ({ apiHeap }) => apiHeap)).toBeLessThan(MAX_MIB_PER_HOUR);
      expect(perHour(found.moments, ({ agentHeap }) => agentHeap)).toBeLessThan(MAX_MIB_PER_HOUR);
    },
    (MINUTES + 15) * MINUTE_MS,
  );
});
