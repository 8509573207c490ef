import { fileURLToPath } from 'node:url';
import type { AgentSources } from '../../features/releases/index.js';

/** The programs that make up Pilothouse, as files for Node. */
export interface Programs {
  api: string;
  /** Next's standalone server. */
  dashboard: string;
  /** The agent's single-file program. */
  agent: string;
  /** Loaded into each of them, see `end-with-parent.ts`. */
  endWithParent: string;
}

const inClone = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

export const BUILT_PROGRAMS: Programs = {
  api: inClone('api/dist/main/api.js'),
  dashboard: inClone('dashboard/.next/standalone/dashboard/server.js'),
  agent: inClone('agent/dist/bundle/pilothouse-agent.cjs'),
  endWithParent: inClone('api/dist/main/supervisor/end-with-parent.js'),
};

/** What a release of the agent is made of. */
export const BUILT_AGENT: AgentSources = {
  manifest: inClone('agent/package.json'),
  program: BUILT_PROGRAMS.agent,
  runner: inClone('agent/dist/bundle/runner.cjs'),
  unit: inClone('agent/systemd/pilothouse-agent.service'),
  installer: inClone('agent/install/install.sh'),
  licence: inClone('LICENSE'),
};
