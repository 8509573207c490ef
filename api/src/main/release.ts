import { readEnvironment } from '../kernel/environment.js';
import { runReleaseCommand } from './operator/release-command.js';
import { BUILT_AGENT } from './supervisor/programs.js';

/** What `npm run release` runs: for whoever holds the root key, on the control plane's own host. */
process.exitCode = await runReleaseCommand({
  args: process.argv.slice(2),
  readEnvironment,
  agent: BUILT_AGENT,
  input: process.stdin,
  output: process.stderr,
});
