import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './root.mjs';
import { summaryLines, tally } from './tally.mjs';

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'pilothouse-vitest-'));
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  await writeFile(join(project, 'vitest.config.mjs'), 'export default { test: { include: ["*.check.js"] } };');
});

afterEach(() => rm(project, { recursive: true }));

/** Runs a test file in a project of its own and gives the lines at the end. */
async function summaryOf(source: string, ...args: string[]): Promise<string[]> {
  const imports = "import { beforeAll, describe, expect, test } from 'vitest';\n";
  await writeFile(join(project, 'a.check.js'), imports + source);
  const driver = `
    import { runTests } from ${JSON.stringify(join(root, 'scripts/lib/vitest.mjs'))};
    const outcomes = await runTests(${JSON.stringify(['--root', project, '--reporter', 'dot', ...args])});
    console.log('\\n' + JSON.stringify(outcomes));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', driver], {
    cwd: project,
  });
  return summaryLines(tally(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')));
}

test('passed, failed and skipped tests are counted', async () => {
  const source = `
    test('good', () => {});
    test('bad', () => expect(1).toBe(2));
    describe.skipIf(true)('page [needs chromium]', () => { test('opens', () => {}); });`;
  expect((await summaryOf(source)).at(-1)).toBe('1 passed, 1 failed, 1 skipped');
});

test('a file that does not load, a failing hook and an unhandled rejection each count as a failure', async () => {
  expect(await summaryOf('throw new Error("no");')).toEqual(['0 passed, 1 failed, 0 skipped']);
  expect((await summaryOf('beforeAll(() => { throw new Error("no"); }); test("a", () => {});')).at(-1)).toMatch(
    /^0 passed, 1 failed/,
  );
  expect(await summaryOf('test("a", () => { Promise.reject(new Error("no")); });')).toEqual([
    '1 passed, 1 failed, 0 skipped',
  ]);
});

test('tests that were not asked for are left out', async () => {
  const source = `test('one', () => {}); test('two', () => {});`;
  expect(await summaryOf(source, '-t', 'one')).toEqual(['1 passed, 0 failed, 0 skipped']);
});

test('a run of no test at all fails', async () => {
  expect(await summaryOf('', 'no-such-file')).toEqual(['0 passed, 1 failed, 0 skipped']);
});
