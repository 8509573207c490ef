import { resolve } from 'node:path';
import { readEnvironment } from '../kernel/environment.js';
import { recoverFromCommandLine } from './operator/owner-recovery.js';

/** What `npm run recover-owner` runs: for whoever holds the control plane's own host. */
process.exitCode = await recoverFromCommandLine({
  args: process.argv.slice(2),
  place: () => {
    const { stateDirectory, databaseUrl, databaseRolesFile } = readEnvironment();
    return { stateDir: resolve(stateDirectory), databaseUrl, databaseRolesFile };
  },
  input: process.stdin,
  output: process.stderr,
});
