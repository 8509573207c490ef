import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { importRuleArgs } from './lib/import-rules.mjs';
import { root } from './lib/root.mjs';

const fixtures = join(root, 'scripts/fixtures/imports');
const packages = ['db', 'agent', 'api', 'dashboard', 'bench'];

/** Runs the repository's own rules on a tree and lists what they forbid as `rule: file`. */
async function violationsIn(tree: string): Promise<string[]> {
  const args = importRuleArgs(packages, 'json');
  // The exit code is the number of violations, which the JSON lists.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: tree }).catch((error) => error);
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } };
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();
}

/** Two packages as they are once built and installed: one imports the other by its name and so meets its `dist`. */
async function treeWithImportByName(): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'pilothouse-imports-'));
  await cp(fixtures, tree, { recursive: true });
  const files = {
    'agent/package.json': '{ "name": "@pilothouse/agent", "type": "module", "exports": { ".": "./dist/index.js" } }',
    'agent/dist/index.js': "export const name = 'agent';",
    'api/src/imports-agent-by-name.ts': "export { name } from '@pilothouse/agent';",
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }
  await mkdir(join(tree, 'node_modules/@pilothouse'), { recursive: true });
  await symlink('../../agent', join(tree, 'node_modules/@pilothouse/agent'));
  await symlink(join(root, 'node_modules/typeorm'), join(tree, 'node_modules/typeorm'));
  return tree;
}

describe('the import rules', () => {
  test('find each seeded violation and nothing else', async () => {
    expect(await violationsIn(fixtures)).toEqual([
      'capabilities-by-their-front-door: agent/src/main/by-the-window.ts',
      'capabilities-know-no-link: agent/src/capabilities/commands/knows-the-link.ts',
      'features-by-their-front-door-from-outside: api/src/main/by-the-window.ts',
      'features-by-their-front-door: api/src/features/commands/by-the-window.ts',
      'features-know-no-transport: api/src/features/commands/knows-transport.ts',
      'imports-of-agent: agent/src/imports-db.ts',
      'imports-of-api: api/src/imports-agent.ts',
      'imports-of-bench: bench/src/imports-cli.ts',
      'imports-of-cli: api/cli/src/imports-api.ts',
      'imports-of-dashboard: dashboard/src/imports-protocol.tsx',
      'imports-of-db: db/src/imports-protocol.ts',
      'imports-of-protocol: agent/protocol/src/imports-db.ts',
      'jobs-knows-the-kernel-only: api/src/jobs/knows-a-feature.ts',
      'jobs-serve-nothing: api/src/main/jobs.ts',
      'kernel-knows-no-feature: api/src/kernel/knows-a-feature.ts',
      'link-knows-no-capability: agent/src/link/knows-a-capability.ts',
      'no-cycles: db/src/egg.ts',
      'no-test-doubles-in-shipped-source: agent/src/uses-a-test-double.ts',
      'no-unresolvable-import: db/src/imports-nowhere.ts',
      'nothing-stands-on-main: agent/src/link/knows-main.ts',
      'pg-in-repositories-only: api/src/features/commands/knows-pg.service.ts',
      'signer-knows-the-kernel-only: api/src/signer/knows-a-feature.ts',
      'transport-knows-the-kernel-only: api/src/transport/knows-a-feature.ts',
      'typeorm-in-repositories-only: api/src/features/commands/knows-typeorm.service.ts',
    ]);
  });

  test('have a seeded violation for every rule', async () => {
    const rules = (await import('../.dependency-cruiser.cjs')).default.forbidden.map(({ name }) => name);
    const broken = (await violationsIn(fixtures)).map((violation) => violation.split(':')[0]);
    expect(new Set(broken)).toEqual(new Set(rules));
  });

  test('see an import by package name', async () => {
    const tree = await treeWithImportByName();
    try {
      expect(await violationsIn(tree)).toContain('imports-of-api: api/src/imports-agent-by-name.ts');
    } finally {
      await rm(tree, { recursive: true });
    }
  });
});
