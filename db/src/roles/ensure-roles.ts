import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import type { RolePasswords } from './role-passwords.js';
import { LOGIN_ROLES, OWNER_ROLES, type LoginRole, type OwnerRole } from './roles.js';
import { scramVerifier, verifies } from './scram-verifier.js';

interface StoredRole {
  rolname: string;
  rolcanlogin: boolean;
  rolinherit: boolean;
  dangerous: boolean;
}

const HARMLESS = 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls noinherit';

/**
 * Creates what is missing among the roles of Pilothouse and puts right what differs: no role is a superuser, passes
 * row-level security, or creates roles or databases. Writes nothing when all is as it should be.
 *
 * `client` is a superuser, or has CREATEROLE. Roles belong to the whole server, not to one database.
 */
export async function ensureRoles(client: ClientBase, passwords: RolePasswords): Promise<void> {
  const stored = await storedRoles(client);
  const admin = await client.query<{ superuser: boolean }>(
    'select rolsuper as superuser from pg_roles where rolname = current_user',
  );
  const isSuperuser = admin.rows[0]?.superuser === true;
  for (const role of OWNER_ROLES) await ensureRole(client, { role, login: false }, stored.get(role));
  for (const role of LOGIN_ROLES) {
    await ensureRole(client, { role, login: true }, stored.get(role));
    await ensurePassword(client, role, { password: passwords[role], readable: isSuperuser });
  }
  if (!isSuperuser) await joinOwners(client);
}

async function storedRoles(client: ClientBase): Promise<Map<string, StoredRole>> {
  const { rows } = await client.query<StoredRole>(
    `select rolname, rolcanlogin, rolinherit,
            rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as dangerous
     from pg_roles where rolname = any ($1)`,
    [[...LOGIN_ROLES, ...OWNER_ROLES]],
  );
  return new Map(rows.map((row) => [row.rolname, row]));
}

async function ensureRole(
  client: ClientBase,
  { role, login }: { role: LoginRole | OwnerRole; login: boolean },
  stored: StoredRole | undefined,
): Promise<void> {
  const attributes = `${login ? 'login' : 'nologin'} ${HARMLESS}`;
  if (!stored) {
    await client.query(`create role ${escapeIdentifier(role)} ${attributes}`);
  } else if (stored.dangerous || stored.rolinherit || stored.rolcanlogin !== login) {
    await client.query(`alter role ${escapeIdentifier(role)} ${attributes}`);
  }
}

/** Only a superuser may read what is stored; anyone else sets the password every time. */
async function ensurePassword(
  client: ClientBase,
  role: LoginRole,
  { password, readable }: { password: string; readable: boolean },
): Promise<void> {
  if (readable) {
    const { rows } = await client.query<{ verifier: string | null }>(
      'select rolpassword as verifier from pg_authid where rolname = $1',
      [role],
    );
    if (await verifies(password, rows[0]?.verifier ?? null)) return;
  }
  const verifier = escapeLiteral(await scramVerifier(password));
  await client.query(`alter role ${escapeIdentifier(role)} password ${verifier}`);
}

/** A superuser may act as any role; an administrator without that must be a member of the roles that own things. */
async function joinOwners(client: ClientBase): Promise<void> {
  for (const role of [...OWNER_ROLES, 'ph_jobs']) {
    await client.query(`grant ${escapeIdentifier(role)} to current_user with set true, inherit true`);
  }
}
