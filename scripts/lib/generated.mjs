import { fingerprint } from './fingerprint.mjs';
import { updateManifests } from './manifest.mjs';
import { root } from './root.mjs';
import { run, runBin } from './run.mjs';

/** Committed files and directories that are made from other sources. */
const generatedPaths = [
  'api/schema.graphql',
  'agent/protocol/agent.graphql',
  'agent/protocol/operations',
  'agent/src/link/operations.generated.ts',
  'api/cli/src/gql',
  'dashboard/src/gql',
];

/**
 * Makes every generated file from its source: the two schemas from the resolvers, typed operations from the schemas,
 * and the manifest of the agent's operations from their documents.
 *
 * @param {{ rewriteManifest?: boolean }} [options]
 */
export async function generate({ rewriteManifest = false } = {}) {
  await runBin('tsc', ['-b', 'api', 'agent/protocol']);
  await run(process.execPath, ['api/dist/main/emit-schemas.js']);
  await updateManifests({ rewrite: rewriteManifest });
  await runBin('graphql-codegen', [], { quiet: true });
}

/** Generates and fails where that changed a file: somebody forgot to run `npm run codegen`. */
export async function checkGenerated() {
  const before = generatedPaths.map((path) => fingerprint(root, [path]));
  await generate();
  const stale = generatedPaths.filter((path, index) => fingerprint(root, [path]) !== before[index]);
  if (stale.length > 0) throw new Error(`These were out of date and are now new, commit them: ${stale.join(', ')}`);
}
