import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';
import { CommandFailed } from './run.mjs';

const bundleDir = 'agent/dist/bundle';
const entryPoints = { 'pilothouse-agent': 'agent/src/main/agent.ts', runner: 'agent/src/main/runner.ts' };

/** The agent's programs as single files that need nothing but Node beside them. */
export const agentBundles = Object.keys(entryPoints).map((name) => `${bundleDir}/${name}.cjs`);

/** Optional native speed-ups that are required inside a `try`; the agent works without them. */
const optionalNative = ['bufferutil', 'utf-8-validate'];

/**
 * zod brings its messages in 60 languages. The agent's are read by programs and in logs: English is enough, and 3.5 MB of
 * memory are saved on every host.
 */
const englishOnly = {
  name: 'english-only',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
    }));
  },
};

/**
 * Bundles the agent to CommonJS (as an ES module `ws` fails at its first `require`).
 *
 * Refuses what would work in the clone and break in a single file: `import.meta.url` and `__dirname`.
 */
export async function bundleAgent() {
  const esbuild = await import('esbuild');
  const result = esbuild.build({
    absWorkingDir: root,
    entryPoints,
    outdir: bundleDir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: optionalNative,
    plugins: [englishOnly],
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    logOverride: { 'empty-import-meta': 'error' },
  });
  await result.catch((error) => {
    throw new CommandFailed('esbuild', `found ${error.errors?.length ?? 'some'} errors`);
  });
  for (const bundle of agentBundles) {
    if (/\b__(dir|file)name\b/.test(readFileSync(join(root, bundle), 'utf8'))) {
      throw new Error(`${bundle} asks for its own directory, which does not exist once it is installed.`);
    }
  }
}
