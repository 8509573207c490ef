import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { manifestProblems, publishedOperations } from './operations.mjs';
import { root } from './root.mjs';

const execFileAsync = promisify(execFile);
const operationsDir = 'agent/protocol/operations';

/**
 * Writes the manifest of today's protocol version from the agent's documents, once every version's is found in order.
 * Agents of earlier versions still send their operations, so today's schema must answer those too.
 *
 * @param {{ rewrite: boolean }} options `rewrite` drops what the committed manifest holds, for a protocol version that
 *   no agent runs yet
 * @throws where a committed operation would change or disappear, or today's schema cannot answer a published one
 */
export async function updateManifests({ rewrite }) {
  const { PROTOCOL_VERSION: version } = await import(join(root, 'agent/protocol/dist/version.js'));
  const current = `${operationsDir}/${version}.json`;
  const operations = publishedOperations(filesEndingIn('.graphql').map((path) => parse(read(path))));
  /** @type {Record<string, import('./operations.mjs').Manifest>} */
  const manifests = Object.fromEntries(filesEndingIn('.json').map((path) => [path, JSON.parse(read(path))]));
  manifests[current] = Object.fromEntries(operations.map(({ hash, document }) => [hash, document]));

  const schema = buildSchema(read('agent/protocol/agent.graphql'));
  for (const [path, manifest] of Object.entries(manifests)) {
    const released = rewrite && path === current ? {} : await committedManifest(path);
    const problems = [
      ...manifestProblems(manifest, released),
      ...Object.values(manifest).flatMap((document) => validate(schema, parse(document)).map(String)),
    ];
    if (problems.length > 0) throw new Error(`${path}:\n  ${problems.join('\n  ')}\nRaise PROTOCOL_VERSION instead.`);
  }
  writeFileSync(join(root, current), `${JSON.stringify(manifests[current], null, 2)}\n`);
}

/**
 * @param {string} path
 * @returns {Promise<import('./operations.mjs').Manifest>} empty where the file was never committed
 */
async function committedManifest(path) {
  if (!existsSync(join(root, '.git'))) return {};
  const { stdout: tracked } = await execFileAsync('git', ['ls-tree', 'HEAD', '--', path], { cwd: root });
  if (tracked === '') return {};
  const { stdout } = await execFileAsync('git', ['show', `HEAD:${path}`], { cwd: root });
  return JSON.parse(stdout);
}

/** @param {string} ending */
function filesEndingIn(ending) {
  return readdirSync(join(root, operationsDir))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${operationsDir}/${name}`);
}

/** @param {string} path */
function read(path) {
  return readFileSync(join(root, path), 'utf8');
}
