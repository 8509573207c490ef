import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepStart, note } from './events.js';

/** Stands in for the agent: enrols with any token and then stays. */
const [command, , configFile = ''] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configFile, 'utf8')) as { state_directory: string };
keepStart(`agent-${command}`);
if (command === 'enrol') {
  const token = readFileSync(0, 'utf8').trim();
  mkdirSync(config.state_directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(config.state_directory, 'identity.json'), '{}');
  note(`agent enrolled with ${token}`);
} else {
  note('agent began');
  process.on('SIGTERM', () => {
    note('agent ended');
    process.exit(0);
  });
  setInterval(() => undefined, 60_000);
}
