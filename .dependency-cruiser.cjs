/**
 * Who may import whom. `scripts/fixtures/imports` breaks every rule, and `scripts/import-rules.test.ts` proves it.
 *
 * A package's compiled `dist` counts as that package, because an import by package name ends there.
 */

/** @type {Record<string, { path: string, mayImport: string[] }>} */
const packages = {
  db: { path: '^db/', mayImport: [] },
  protocol: { path: '^agent/protocol/', mayImport: [] },
  agent: { path: '^agent/(?!protocol/)', mayImport: ['protocol'] },
  api: { path: '^api/(?!cli/)', mayImport: ['db', 'protocol'] },
  cli: { path: '^api/cli/', mayImport: [] },
  dashboard: { path: '^dashboard/', mayImport: [] },
  bench: { path: '^bench/', mayImport: ['db', 'protocol', 'agent', 'api'] },
};

const testPaths = ['\\.test\\.tsx?$', '/testing/'];

/** Tests may bring the real counterpart along (an agent for the api, say), but not in a package that is a leaf. */
const packageRules = Object.entries(packages).map(([name, { path, mayImport }]) => ({
  name: `imports-of-${name}`,
  comment: `${name} imports ${mayImport.length === 0 ? 'nothing' : `only ${mayImport.join(', ')}`} of ours.`,
  severity: 'error',
  from: { path, pathNot: ['db', 'protocol'].includes(name) ? [] : testPaths },
  to: {
    path: Object.values(packages).map((other) => other.path),
    pathNot: [name, ...mayImport].map((other) => packages[other]?.path),
  },
}));

const features = '^api/src/features/';
const capabilities = '^agent/src/capabilities/';
const knowTheDatabase = ['\\.repository\\.ts$', '^db/', '^api/src/kernel/database/', ...testPaths];

module.exports = {
  forbidden: [
    ...packageRules,
    {
      name: 'features-by-their-front-door',
      comment: 'A feature of the api is entered through its index.ts, by other features and by everything else.',
      severity: 'error',
      from: { path: `${features}([^/]+)/` },
      to: { path: features, pathNot: [`${features}$1/`, `${features}[^/]+/index\\.ts$`] },
    },
    {
      name: 'features-by-their-front-door-from-outside',
      severity: 'error',
      from: { path: '^api/src/', pathNot: features },
      to: { path: features, pathNot: `${features}[^/]+/index\\.ts$` },
    },
    {
      name: 'kernel-knows-no-feature',
      comment: 'The kernel is what everything else of its package stands on.',
      severity: 'error',
      from: { path: '^([^/]+|api/cli)/src/kernel/', pathNot: testPaths },
      to: { path: '^([^/]+|api/cli)/src/(features|capabilities|link|signer|jobs|transport|main)/' },
    },
    {
      name: 'features-know-no-transport',
      comment: 'Features stand on the kernel and the signer; transport, jobs and main stand on features.',
      severity: 'error',
      from: { path: features, pathNot: testPaths },
      to: { path: '^api/src/(transport|jobs|main)/' },
    },
    ...['signer', 'jobs', 'transport'].map((layer) => ({
      name: `${layer}-knows-the-kernel-only`,
      comment: `Of the api, ${layer} knows the kernel; main hands it what it needs of features.`,
      severity: 'error',
      from: { path: `^api/src/${layer}/`, pathNot: testPaths },
      to: { path: '^api/src/', pathNot: `^api/src/(${layer}|kernel)/` },
    })),
    {
      name: 'jobs-serve-nothing',
      comment: 'Jobs in a process of their own join the features and listen nowhere.',
      severity: 'error',
      from: { path: '^api/src/main/jobs\\.ts$' },
      to: { path: '^api/src/transport/', reachable: true },
    },
    {
      name: 'nothing-stands-on-main',
      comment: 'main joins everything. Only tests, and the agent as a library for them, start from there.',
      severity: 'error',
      from: { path: '^(db|agent|api|api/cli)/src/(?!main/|index\\.ts$)', pathNot: testPaths },
      to: { path: '^(db|agent|api|api/cli)/src/main/' },
    },
    {
      name: 'link-knows-no-capability',
      comment: 'The link carries frames of anybody; main connects capabilities to it.',
      severity: 'error',
      from: { path: '^agent/src/link/', pathNot: testPaths },
      to: { path: capabilities },
    },
    {
      name: 'capabilities-know-no-link',
      comment: "A capability knows the kernel, others by their front doors, and the link's journal for its records.",
      severity: 'error',
      from: { path: `${capabilities}([^/]+)/`, pathNot: testPaths },
      to: {
        path: '^agent/src/',
        pathNot: [`${capabilities}$1/`, `${capabilities}[^/]+/index\\.ts$`, '^agent/src/(kernel/|link/journal\\.ts$)'],
      },
    },
    {
      name: 'capabilities-by-their-front-door',
      comment: "A capability is entered through its index.ts; the command runner's is its own, being another program.",
      severity: 'error',
      from: { path: '^agent/src/(?!capabilities/)', pathNot: testPaths },
      to: { path: capabilities, pathNot: `${capabilities}([^/]+|commands/runner)/index\\.ts$` },
    },
    {
      name: 'typeorm-in-repositories-only',
      comment: 'Only *.repository.ts knows the database; kernel/database opens the connection.',
      severity: 'error',
      from: { pathNot: knowTheDatabase },
      to: { path: '(^|/)node_modules/typeorm/' },
    },
    {
      name: 'pg-in-repositories-only',
      comment: 'The driver is as much the database as TypeORM is.',
      severity: 'error',
      from: { pathNot: [...knowTheDatabase, '^bench/'] },
      to: { path: '(^|/)node_modules/(@types/)?pg/' },
    },
    {
      name: 'no-test-doubles-in-shipped-source',
      severity: 'error',
      from: { path: '^(db|agent|api|dashboard)/', pathNot: testPaths },
      to: { path: testPaths },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolvable-import',
      comment: 'What cannot be found cannot be checked either.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // `dist` is not followed but not excluded: with `exclude`, imports by package name vanish from the check.
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['^scripts/fixtures/', '/\\.next/'] },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
    },
  },
};
