import { PlainBackend } from './plain.backend.js';
import { exportSuite } from './testing/export.suite.js';
import { isolationSuite } from './testing/isolation.suite.js';
import { maintenanceSuite } from './testing/maintenance.suite.js';
import { readingSuite } from './testing/reading.suite.js';
import { writingSuite } from './testing/writing.suite.js';

const backend = new PlainBackend();
for (const suite of [writingSuite, maintenanceSuite, isolationSuite, readingSuite, exportSuite]) suite(backend);
