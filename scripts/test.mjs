import { buildIfChanged } from './lib/build.mjs';
import { reportFailure } from './lib/failure.mjs';
import { installIfNeeded } from './lib/install.mjs';
import { installParts, realParts } from './lib/parts.mjs';
import { refuseUnsupportedMachine } from './lib/platform.mjs';
import { isGood, summaryLines, tally } from './lib/tally.mjs';

const vitestArgs = process.argv.slice(2);
const isCi = process.env['CI'] === 'true';

refuseUnsupportedMachine();
const count = tally((await isReady()) ? [...(await runChecks()), ...(await test())] : [failed('preparation')]);
for (const line of summaryLines(count)) console.log(line);
process.exit(isGood(count, { isCi }) ? 0 : 1);

async function isReady() {
  try {
    await installIfNeeded();
    await installParts(realParts.filter((part) => part.neededByTests));
    await buildIfChanged();
    return true;
  } catch (error) {
    reportFailure('Preparation', error);
    return false;
  }
}

/** Each check counts as one test. With arguments only the tests asked for are run. */
async function runChecks() {
  if (vitestArgs.length > 0) return [];
  const { checks } = await import('./lib/checks.mjs');
  const outcomes = [];
  for (const { name, run } of checks) {
    console.log(`▸ ${name}`);
    try {
      await run();
      outcomes.push({ ...failed(name), state: /** @type {const} */ ('passed') });
    } catch (error) {
      reportFailure(`Check "${name}"`, error);
      outcomes.push(failed(name));
    }
  }
  return outcomes;
}

async function test() {
  const { runTests } = await import('./lib/vitest.mjs');
  try {
    return await runTests(vitestArgs);
  } catch (error) {
    reportFailure('Test run', error);
    return [failed('test run')];
  }
}

/**
 * @param {string} fullName
 * @returns {import('./lib/tally.mjs').TestOutcome}
 */
function failed(fullName) {
  return { fullName, file: 'npm test', state: 'failed' };
}
