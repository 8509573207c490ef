import type { DriverName } from './driver.detection.js';
import type { MetricsBackend } from './metrics.backend.js';
import { PLAIN } from './plain.driver.js';
import { SqlBackend } from './sql.backend.js';
import { TIMESCALEDB } from './timescale.driver.js';

export const BACKENDS: Readonly<Record<DriverName, MetricsBackend>> = {
  plain: new SqlBackend(PLAIN),
  timescaledb: new SqlBackend(TIMESCALEDB),
};
