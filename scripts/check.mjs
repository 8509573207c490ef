import { checks } from './lib/checks.mjs';
import { reportFailure } from './lib/failure.mjs';
import { runBin } from './lib/run.mjs';

const fastTests = { name: 'fast tests', run: () => runBin('vitest', ['run', '--project', 'unit']) };

for (const { name, run } of [...checks, fastTests]) {
  console.log(`▸ ${name}`);
  try {
    await run();
  } catch (error) {
    reportFailure(`Check "${name}"`, error);
    break;
  }
}
