/**
 * @typedef {{ fullName: string, file: string, state: 'passed' | 'failed' | 'skipped' | 'pending' }} TestOutcome
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {Map<string, string[]>} skipped missing part → names of its tests; under '' those that name no part
 * @property {number} notRun tests that need TimescaleDB where there is none
 */

/** The one part that may be missing in CI too: no package manager of ours brings it. */
const optionalPart = 'timescaledb';

/**
 * Counts outcomes. A test that did not come to its end counts as failed. A skipped test says in its name (or its
 * suite's) which real part it lacks: `[needs chromium]`.
 *
 * @param {readonly TestOutcome[]} outcomes
 * @returns {Tally}
 */
export function tally(outcomes) {
  const count = { passed: 0, failed: 0, skipped: new Map(), notRun: 0 };
  for (const { fullName, file, state } of outcomes) {
    if (state === 'passed') count.passed += 1;
    else if (state !== 'skipped') count.failed += 1;
    else {
      const part = /\[needs ([\w-]+)\]/.exec(fullName)?.[1] ?? '';
      if (part === optionalPart) count.notRun += 1;
      else count.skipped.set(part, [...(count.skipped.get(part) ?? []), `${file} > ${fullName}`]);
    }
  }
  return count;
}

/**
 * Whether a run may be called good. Skips pass only outside CI and only where they name the part they lack.
 *
 * @param {Tally} count
 * @param {{ isCi: boolean }} where
 */
export function isGood(count, { isCi }) {
  if (count.failed > 0 || count.skipped.has('')) return false;
  return !isCi || count.skipped.size === 0;
}

/**
 * What the end of a run says: the skips by missing part, then the line with the three sums.
 *
 * @param {Tally} count
 * @returns {string[]}
 */
export function summaryLines(count) {
  const lines = [];
  for (const [part, tests] of count.skipped) {
    lines.push(part === '' ? 'SKIPPED without naming a missing part:' : `SKIPPED, ${part} is missing:`);
    lines.push(...tests.map((test) => `  ${test}`));
  }
  if (count.notRun > 0) lines.push(`NOT RUN: ${optionalPart} (${count.notRun} tests)`);
  const skipped = [...count.skipped.values()].flat().length;
  lines.push(`${count.passed} passed, ${count.failed} failed, ${skipped} skipped`);
  return lines;
}
