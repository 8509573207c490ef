import type { Role, TokenScope } from './roles.js';

/**
 * Who may do something.
 *
 * - `ANYONE`: also without a session (health, set-up, sign-in).
 * - `SIGNED_IN`: any session, about the person themselves; no workspace needed, no API token accepted.
 * - a role: members of the workspace with this role or a stronger one.
 */
interface Rule {
  minimum: 'ANYONE' | 'SIGNED_IN' | Role;
  /** What an API token needs; null: never by token. */
  tokenScope: TokenScope | null;
  /** A custom grant on a server may stand in for the workspace role; the service judges each server. */
  byGrant?: true;
  /** The password or second factor must have been given within the last 10 minutes. */
  stepUp?: true;
}

/**
 * Everything that can be asked of the API, and who may ask. The one place where rights are decided; a schema field
 * that names no action of this table keeps the api from starting.
 */
export const ACTIONS = {
  'installation.read': { minimum: 'ANYONE', tokenScope: 'READ' },
  'installation.set-up': { minimum: 'ANYONE', tokenScope: null },
  'session.start': { minimum: 'ANYONE', tokenScope: null },
  'self.read': { minimum: 'SIGNED_IN', tokenScope: null },
  'self.write': { minimum: 'SIGNED_IN', tokenScope: null },
  'self.protect': { minimum: 'SIGNED_IN', tokenScope: null, stepUp: true },
  'caller.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'workspace.create': { minimum: 'SIGNED_IN', tokenScope: null },
  'workspace.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'workspace.rename': { minimum: 'ADMIN', tokenScope: 'MANAGE' },
  'members.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'members.write': { minimum: 'ADMIN', tokenScope: null, stepUp: true },
  'tokens.read': { minimum: 'VIEWER', tokenScope: null },
  'tokens.write': { minimum: 'VIEWER', tokenScope: null, stepUp: true },
  'servers.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'servers.write': { minimum: 'ADMIN', tokenScope: 'MANAGE', byGrant: true },
  'servers.enrol': { minimum: 'ADMIN', tokenScope: null, stepUp: true },
  'groups.write': { minimum: 'ADMIN', tokenScope: 'MANAGE' },
  'commands.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'commands.run': { minimum: 'OPERATOR', tokenScope: 'RUN', byGrant: true },
  'templates.write': { minimum: 'OPERATOR', tokenScope: 'MANAGE' },
  'metrics.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'audit.read': { minimum: 'VIEWER', tokenScope: 'READ' },
  'audit.verify': { minimum: 'ADMIN', tokenScope: 'READ' },
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof ACTIONS;

export function ruleOf(action: Action): Rule {
  return ACTIONS[action];
}
