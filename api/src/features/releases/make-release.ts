import {
  RELEASE_PLATFORMS,
  sha256Hex,
  signRelease,
  type Release,
  type ReleaseFile,
  type ReleasePlatform,
  type SigningKey,
} from '@pilothouse/protocol';
import type { AgentPackage } from './agent-package.js';
import { compress } from './archive.js';
import { NODE_RUNTIME } from './node-runtime.js';
import type { ReleaseStore } from './release.store.js';

export interface ReleaseOrder {
  store: ReleaseStore;
  root: SigningKey;
  agent: AgentPackage;
  /** Gives a runtime as a tar; null: the release brings none. */
  fetchNode: ((platform: ReleasePlatform) => Promise<Buffer>) | null;
  now: Date;
}

/** Packs, signs and publishes a release of the agent. */
export async function makeRelease({ store, root, agent, fetchNode, now }: ReleaseOrder): Promise<Release> {
  const { version, build } = agent;
  const contents = new Map<string, Buffer>();
  const files: ReleaseFile[] = [];
  const add = (file: Pick<ReleaseFile, 'kind' | 'platform' | 'name'>, content: Buffer) => {
    contents.set(file.name, content);
    files.push({ ...file, sizeBytes: content.length, sha256: sha256Hex(content) });
  };
  const archive = await compress(agent.tar);
  const runtimes = fetchNode && (await Promise.all(RELEASE_PLATFORMS.map(async (of) => compress(await fetchNode(of)))));
  for (const [index, platform] of RELEASE_PLATFORMS.entries()) {
    add({ kind: 'agent', platform, name: `pilothouse-agent-${version}-${build}-${platform}.tar.gz` }, archive);
    const runtime = runtimes?.[index];
    if (runtime) add({ kind: 'node', platform, name: `node-${NODE_RUNTIME.version}-${platform}.tar.gz` }, runtime);
  }
  add({ kind: 'installer', platform: null, name: `pilothouse-install-${version}-${build}.sh` }, agent.installer);
  const nodeVersion = fetchNode === null ? null : NODE_RUNTIME.version;
  const release: Release = { version, build, nodeVersion, issuedAt: now.toISOString(), files };
  await store.publish(signRelease(root, release), contents);
  return release;
}
