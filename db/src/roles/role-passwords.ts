import { randomBytes } from 'node:crypto';
import { LOGIN_ROLES, type LoginRole } from './roles.js';

export type RolePasswords = Readonly<Record<LoginRole, string>>;

/** 256 bits for each role that logs in, in characters that need no quoting in a URL. */
export function generateRolePasswords(): RolePasswords {
  return forEachLoginRole(() => randomBytes(32).toString('base64url'));
}

export function forEachLoginRole(make: (role: LoginRole) => string): RolePasswords {
  return Object.fromEntries(LOGIN_ROLES.map((role) => [role, make(role)])) as RolePasswords;
}

/** The same server and database as `adminUrl`, as another role. */
export function roleUrl(adminUrl: string, role: LoginRole, password: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}
