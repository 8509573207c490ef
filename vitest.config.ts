import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Packages are tested from source. `graphql` needs one entry point, or its instanceof checks see "another realm".
const alias = [
  { find: /^graphql$/, replacement: source('node_modules/graphql/index.js') },
  { find: /^@pilothouse\/protocol$/, replacement: source('agent/protocol/src/index.ts') },
  { find: /^@pilothouse\/db$/, replacement: source('db/src/index.ts') },
  { find: /^@pilothouse\/db\/(.+)$/, replacement: source('db/src/$1/index.ts') },
  { find: /^@pilothouse\/agent\/testing$/, replacement: source('agent/src/testing/index.ts') },
];

const tests = '{db,agent,api,bench,scripts,dashboard}/**/';
const notTests = ['**/node_modules/**', '**/dist/**', '**/.next/**'];
const real = ['db', 'api', 'host'].map((kind) => `${tests}*.${kind}.test.ts`);
/** What takes minutes; only `npm run test:long` runs it. */
const long = `${tests}*.long.test.ts`;

const longProject = {
  extends: true as const,
  test: { name: 'long', include: [long], exclude: notTests, setupFiles: ['reflect-metadata'] },
};

export default defineConfig(({ mode }) => ({
  resolve: { alias },
  test: {
    provide: { faultSeed: process.env['FAULT_SEED'] ?? '' },
    projects:
      mode === 'long'
        ? [longProject]
        : [
            {
              extends: true,
              test: {
                name: 'unit',
                setupFiles: ['reflect-metadata'],
                include: [`${tests}*.test.ts`],
                exclude: [...notTests, ...real, long],
              },
            },
            {
              extends: true,
              test: {
                name: 'real',
                include: real,
                exclude: notTests,
                setupFiles: ['reflect-metadata'],
                globalSetup: [source('db/src/testing/global-setup.ts')],
                testTimeout: 60_000,
                hookTimeout: 120_000,
              },
            },
          ],
  },
}));
