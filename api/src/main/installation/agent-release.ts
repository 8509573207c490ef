import { join } from 'node:path';
import type { SigningKey } from '@pilothouse/protocol';
import {
  makeRelease,
  readAgentPackage,
  releaseStanding,
  ReleaseStore,
  type AgentSources,
} from '../../features/releases/index.js';

/** Whose releases, and what they are made of. */
export interface ReleasePlace {
  stateDir: string;
  /** SHA-256 of the root key, hexadecimal. */
  rootFingerprint: string;
  agent: AgentSources;
}

/** The releases of an installation. */
export function releasesOf(stateDir: string, rootFingerprint: string): ReleaseStore {
  return new ReleaseStore(join(stateDir, 'releases'), rootFingerprint);
}

/** What an installation begins with: the agent that is built here, without a Node runtime. */
export async function makeFirstRelease(place: ReleasePlace, root: SigningKey): Promise<void> {
  const store = releasesOf(place.stateDir, place.rootFingerprint);
  await makeRelease({ store, root, agent: await readAgentPackage(place.agent), fetchNode: null, now: new Date() });
}

/** What to say of the release at a start; null where hosts are given the agent that is built here. */
export async function releaseAdvice({ stateDir, rootFingerprint, agent }: ReleasePlace): Promise<string | null> {
  const built = await readAgentPackage(agent);
  const standing = await releaseStanding(releasesOf(stateDir, rootFingerprint), built);
  const release = 'To release it, with the passphrase of the root key: npm run release';
  switch (standing.kind) {
    case 'current':
      return null;
    case 'none':
      return `The agent is not released: no host can be given it. ${release}`;
    case 'older':
      return (
        `The agent ${built.version} (${built.build}) that is built here is not released: hosts are given ` +
        `${standing.version} (${standing.build}). ${release}`
      );
  }
}
