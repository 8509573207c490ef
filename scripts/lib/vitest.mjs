import { root } from './root.mjs';

/**
 * Runs the tests in this process and tells how each of them ended.
 *
 * What fails outside a test (a file that does not load, a hook, an unhandled rejection) counts as one failure.
 *
 * @param {readonly string[]} args as for `vitest run`
 * @returns {Promise<import('./tally.mjs').TestOutcome[]>}
 */
export async function runTests(args) {
  const { parseCLI, startVitest } = await import('vitest/node');
  const { filter, options } = parseCLI(['vitest', 'run', ...args]);
  const vitest = await startVitest('test', filter, { root, ...options, watch: false });
  const isChosen = (/** @type {string} */ name) => vitest.config.testNamePattern?.test(name) ?? true;

  const modules = vitest.state.getTestModules();
  const outcomes = vitest.state.getUnhandledErrors().map(() => failure('unhandled error', ''));
  if (modules.length === 0) outcomes.push(failure('there is no such test', ''));
  for (const module of modules) {
    const file = module.relativeModuleId;
    outcomes.push(...module.errors().map(() => failure('does not load', file)));
    for (const suite of module.children.allSuites()) {
      outcomes.push(...suite.errors().map(() => failure(suite.fullName, file)));
    }
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'skipped' && !isChosen(test.fullName)) continue;
      outcomes.push({ fullName: test.fullName, file, state });
    }
  }
  await vitest.close();
  return outcomes;
}

/**
 * @param {string} fullName
 * @param {string} file
 * @returns {import('./tally.mjs').TestOutcome}
 */
function failure(fullName, file) {
  return { fullName, file, state: 'failed' };
}
