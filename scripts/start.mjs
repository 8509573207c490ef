import { buildIfChanged } from './lib/build.mjs';
import { reportFailure } from './lib/failure.mjs';
import { installIfNeeded } from './lib/install.mjs';
import { refuseUnsupportedMachine } from './lib/platform.mjs';
import { handOver } from './lib/hand-over.mjs';
import { root } from './lib/root.mjs';

refuseUnsupportedMachine();
try {
  await installIfNeeded();
  await buildIfChanged();
  const args = ['--disable-proto=delete', 'api/dist/main/start.js', ...process.argv.slice(2)];
  process.exitCode = await handOver(process.execPath, args, root);
} catch (error) {
  reportFailure('Start', error);
}
