import { dirname, join } from 'node:path';
import { hostVariables, readEnvironment } from '../../../../kernel/environment.js';
import { ensureInstallation } from '../../../installation/installation.js';
import { OperatorConsole } from '../../operator-console.js';
import { superviseUntilStopped } from '../../supervise.js';

/** The real supervisor over the programs beside this file. */
const program = (name: string) => join(dirname(process.argv[1] ?? ''), `${name}.mjs`);
process.exit(
  await superviseUntilStopped({
    readEnvironment,
    hostVariables: hostVariables(),
    programs: {
      api: program('api'),
      dashboard: program('dashboard'),
      agent: program('agent'),
      endWithParent: program('end-with-parent'),
    },
    ensureInstallation,
    console: new OperatorConsole(process.stdout),
  }),
);
