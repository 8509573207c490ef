import { readEnvironment } from '../kernel/environment.js';
import { runPrepareCommand } from './operator/prepare-command.js';
import { BUILT_AGENT } from './supervisor/programs.js';

/** What has to be done before and beside the processes of an installation that no `npm start` looks after. */
process.exitCode = await runPrepareCommand({
  args: process.argv.slice(2),
  readEnvironment,
  agent: BUILT_AGENT,
  say: (line) => void process.stdout.write(`${line}\n`),
});
