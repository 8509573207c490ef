import { hostVariables, readEnvironment } from '../kernel/environment.js';
import { ensureInstallation } from './installation/installation.js';
import { OperatorConsole } from './supervisor/operator-console.js';
import { BUILT_AGENT, BUILT_PROGRAMS } from './supervisor/programs.js';
import { superviseUntilStopped } from './supervisor/supervise.js';

/** What `npm start` runs once everything is built. */
const console = new OperatorConsole(process.stdout);
process.exit(
  await superviseUntilStopped({
    readEnvironment,
    hostVariables: hostVariables(),
    programs: BUILT_PROGRAMS,
    ensureInstallation: (place) => ensureInstallation({ ...place, agent: BUILT_AGENT }),
    console,
  }),
);
