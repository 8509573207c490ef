import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleAgent, agentBundles } from './bundle-agent.mjs';
import { fingerprint } from './fingerprint.mjs';
import { root } from './root.mjs';
import { runBin } from './run.mjs';
import { timed } from './timed.mjs';

const recordPath = join(root, 'node_modules/.cache/pilothouse/build.json');
const standalone = 'dashboard/.next/standalone';
const shared = [
  'package-lock.json',
  'tsconfig.base.json',
  'tsconfig.build.json',
  'scripts/lib/build.mjs',
  'scripts/lib/bundle-agent.mjs',
];

/**
 * @typedef {object} BuildPart
 * @property {string} name
 * @property {string[]} inputs files and directories whose content decides whether to build again
 * @property {string[]} outputs files that must be there
 * @property {() => Promise<void>} build
 */

/**
 * Builds every part whose sources changed since it was last built, or whose output is gone.
 *
 * @returns {Promise<string[]>} the names of the parts that were built
 */
export async function buildIfChanged() {
  const built = [];
  for (const part of buildParts()) {
    const current = fingerprint(root, [...part.inputs, ...shared]);
    const isFresh = readRecord()[part.name] === current && part.outputs.every((path) => existsSync(join(root, path)));
    if (isFresh) continue;
    await timed(`Building ${part.name}`, part.build);
    writeRecord(part.name, current);
    built.push(part.name);
  }
  return built;
}

/** @returns {BuildPart[]} */
function buildParts() {
  const projects = compiledProjects();
  const packages = projects.map((project) => dirname(project));
  return [
    {
      name: 'control plane and agent',
      inputs: [...projects, ...packages.flatMap((path) => [`${path}/src`, `${path}/package.json`])],
      outputs: [...packages.map((path) => `${path}/dist/.tsbuildinfo`), ...agentBundles],
      build: async () => {
        await runBin('tsc', ['-b', 'tsconfig.build.json']);
        await bundleAgent();
      },
    },
    {
      name: 'dashboard',
      inputs: ['dashboard'],
      outputs: ['dashboard/.next/BUILD_ID', `${standalone}/dashboard/.next/static`],
      build: async () => {
        await runBin('next', ['build'], {
          cwd: join(root, 'dashboard'),
          env: { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
          quiet: true,
        });
        // Next leaves what browsers load out of its standalone server, for a content network to serve.
        cpSync(join(root, 'dashboard/.next/static'), join(root, standalone, 'dashboard/.next/static'), {
          recursive: true,
        });
      },
    },
  ];
}

/** What is compiled to run, without tests: the tsconfig files that the root's tsconfig.build.json names. */
function compiledProjects() {
  /** @type {{ references: { path: string }[] }} */
  const config = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  return config.references.map((reference) => reference.path);
}

/** @returns {Record<string, string>} */
function readRecord() {
  return existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, 'utf8')) : {};
}

/**
 * @param {string} name
 * @param {string} value
 */
function writeRecord(name, value) {
  mkdirSync(dirname(recordPath), { recursive: true });
  writeFileSync(recordPath, `${JSON.stringify({ ...readRecord(), [name]: value }, null, 2)}\n`);
}
