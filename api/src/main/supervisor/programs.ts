import { fileURLToPath } from 'node:url';

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
