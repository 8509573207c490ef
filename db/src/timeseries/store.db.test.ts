import { describe } from 'vitest';
import { hasTimescale } from '../testing/index.js';
import { BACKENDS } from './drivers.js';
import { exportSuite } from './testing/export.suite.js';
import { isolationSuite } from './testing/isolation.suite.js';
import { maintenanceSuite } from './testing/maintenance.suite.js';
import { readingSuite } from './testing/reading.suite.js';
import { writingSuite } from './testing/writing.suite.js';

const SUITES = [writingSuite, maintenanceSuite, isolationSuite, readingSuite, exportSuite];

for (const suite of SUITES) suite(BACKENDS.plain);

describe.skipIf(!hasTimescale())('[needs timescaledb]', () => {
  for (const suite of SUITES) suite(BACKENDS.timescaledb);
});
