/** Releases: the agent as this installation's root key signed it, and the script that brings it to a host. */
import type { Router } from 'express';
import { createReleaseRouter, type ReleaseRouterParts } from './releases.router.js';

export { readAgentPackage, type AgentPackage, type AgentSources } from './agent-package.js';
export type { InstallationPins } from './install-script.js';
export { makeRelease, type ReleaseOrder } from './make-release.js';
export { fetchNodeRuntime, NODE_RUNTIME } from './node-runtime.js';
export { releaseStanding, type ReleaseStanding } from './release-standing.js';
export { ReleaseStore } from './release.store.js';

export function createReleasesFeature(parts: ReleaseRouterParts): { router: Router } {
  return { router: createReleaseRouter(parts) };
}
