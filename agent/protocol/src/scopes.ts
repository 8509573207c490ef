/**
 * What the control plane may do on a server. A server's grants are set when it is added and may be narrowed further by
 * the host policy file on the host itself; an envelope names the scopes it needs.
 */
export const SCOPES = {
  metrics: { risk: 'low', description: 'Read figures of the host: CPU, memory, disks, network, pressure' },
  exec: { risk: 'high', description: 'Run a program with its arguments, without a shell' },
  shell: { risk: 'high', description: 'Run a shell script' },
  'run-as': { risk: 'high', description: 'Run commands as a user other than the agent’s own' },
} as const satisfies Record<string, { risk: 'low' | 'high'; description: string }>;

export type Scope = keyof typeof SCOPES;
export const ALL_SCOPES = Object.keys(SCOPES) as Scope[];

/** Named sets of scopes offered when a server is added. */
export const PERMISSION_PROFILES = {
  'read-only': { scopes: ['metrics'], description: 'See the host and its figures; nothing can be changed' },
  operator: { scopes: ['metrics', 'exec', 'shell'], description: 'Run commands and scripts as the agent’s user' },
  'full-access': { scopes: ALL_SCOPES, description: 'Everything, also as any user of the host' },
} as const satisfies Record<string, { scopes: readonly Scope[]; description: string }>;

export type PermissionProfile = keyof typeof PERMISSION_PROFILES;
