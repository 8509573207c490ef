import { MAX_PARTS_PER_KIND } from '@pilothouse/db/timeseries';
import { TELEMETRY_LIMITS } from '@pilothouse/protocol';
import { expect, test } from 'vitest';

test('as many parts of a kind are kept as an agent may report', () => {
  // Neither package may import the other.
  expect(MAX_PARTS_PER_KIND).toBe(TELEMETRY_LIMITS.maxPartsPerKind);
});
