import type { AgentPackage } from './agent-package.js';
import type { ReleaseStore } from './release.store.js';

/** What hosts are given, beside what is built here. */
export type ReleaseStanding =
  | { kind: 'current'; version: string; build: string; nodeVersion: string | null }
  | { kind: 'older'; version: string; build: string; nodeVersion: string | null }
  | { kind: 'none' };

export async function releaseStanding(
  store: ReleaseStore,
  agent: Pick<AgentPackage, 'build'>,
): Promise<ReleaseStanding> {
  const current = await store.current();
  if (!current) return { kind: 'none' };
  const { version, build, nodeVersion } = current.release;
  return { kind: build === agent.build ? 'current' : 'older', version, build, nodeVersion };
}
