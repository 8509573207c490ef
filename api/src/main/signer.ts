import { readEnvironment } from '../kernel/environment.js';
import { runSignerCommand } from './operator/signer-command.js';

/** What `npm run signer` runs: the signer as a process of its own, and what its operator does on that host. */
process.exitCode = await runSignerCommand({
  args: process.argv.slice(2),
  readEnvironment,
  say: (line) => void process.stdout.write(`${line}\n`),
});
