/** Roles of a workspace, weakest first: each may do what those before it may. */
export const ROLES = ['VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER'] as const;
export type Role = (typeof ROLES)[number];

export function atLeast(role: Role | null, minimum: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(minimum);
}

/** What an API token may be limited to. A token never holds more than its user's role at the time of use. */
export const TOKEN_SCOPES = ['READ', 'RUN', 'MANAGE'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** A right beyond the workspace role, on one server or on all servers with a tag. Grants only add. */
export interface Grant {
  role: Role;
  serverId: string | null;
  tag: string | null;
}
