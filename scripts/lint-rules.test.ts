import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binPath } from './lib/run.mjs';
import { root } from './lib/root.mjs';

let tree: string;

/** The fixtures lie in a tree of their own with the repository's configuration, as the files of a package would. */
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'pilothouse-lint-'));
  await cp(join(root, 'scripts/fixtures/lint'), tree, { recursive: true });
  for (const path of ['.oxlintrc.json', 'scripts/lint-rules.mjs']) await cp(join(root, path), join(tree, path));
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  await writeFile(join(tree, 'agent/src/max-lines.ts'), 'export {};\n'.repeat(501));
  await writeFile(join(tree, 'agent/src/max-lines-allowed.ts'), 'export {};\n'.repeat(500));
  const statements = (count: number) => `export function long() {\n${'  Number();\n'.repeat(count)}}\n`;
  await writeFile(join(tree, 'agent/src/max-lines-per-function.ts'), statements(64));
  await writeFile(join(tree, 'agent/src/max-lines-per-function-allowed.ts'), statements(63));
});

afterAll(() => rm(tree, { recursive: true }));

test('lint finds each seeded violation and nothing else', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [binPath('oxlint'), '--format', 'json', 'agent', 'api'],
    {
      cwd: tree,
    },
  ).catch((error) => error);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  const found = diagnostics.map(({ code, filename, labels }) => `${filename}:${labels[0]?.span.line} ${code}`);

  expect(found.sort()).toEqual([
    'agent/src/max-lines-per-function.ts:1 eslint(max-lines-per-function)',
    'agent/src/max-lines.ts:501 eslint(max-lines)',
    'agent/src/no-disabled-tests.check.ts:3 vitest(no-disabled-tests)',
    'agent/src/no-disabled-tests.check.ts:6 vitest(no-disabled-tests)',
    'agent/src/no-empty.ts:4 eslint(no-empty)',
    'agent/src/no-explicit-any.ts:1 typescript(no-explicit-any)',
    'agent/src/no-floating-promises.ts:4 typescript(no-floating-promises)',
    'agent/src/no-focused-tests.check.ts:3 vitest(no-focused-tests)',
    'agent/src/no-misused-promises.ts:2 typescript(no-misused-promises)',
    ...[1, 4, 5, 6, 7].map((line) => `agent/src/no-process-env.ts:${line} pilothouse(no-process-env)`),
    'agent/src/no-restricted-properties.ts:1 eslint(no-restricted-properties)',
    ...[1, 1, 2, 3, 6, 7, 8, 9].map((line) => `agent/src/no-shell.ts:${line} pilothouse(no-shell)`),
    ...[4, 5].map((line) => `agent/src/no-silent-catch.ts:${line} pilothouse(no-silent-catch)`),
    'agent/src/only-throw-error.ts:2 typescript(only-throw-error)',
    'agent/src/switch-exhaustiveness-check.ts:2 typescript(switch-exhaustiveness-check)',
    ...[6, 7, 8].map((line) => `api/src/features/servers/server.service.ts:${line} pilothouse(sql-in-repositories)`),
  ]);
});
