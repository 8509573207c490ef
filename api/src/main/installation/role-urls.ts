import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roleUrl, type LoginRole } from '@pilothouse/db';
import { z } from 'zod';
import type { Environment } from '../../kernel/environment.js';

/** The database as one of its roles. @throws when the password of that role is not kept here */
export type RoleUrls = (role: LoginRole) => string;

/** The same database as each role, with the passwords of the file that is named, or that of the state directory. */
export async function readRoleUrls(
  { databaseUrl, databaseRolesFile }: Pick<Environment, 'databaseUrl' | 'databaseRolesFile'>,
  stateDir: string,
): Promise<RoleUrls> {
  if (databaseUrl === null) throw new Error('PILOTHOUSE_DATABASE_URL is missing: Pilothouse is started by npm start.');
  const file = databaseRolesFile ?? join(stateDir, 'database-roles.json');
  const passwords = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(file, 'utf8')));
  return (role) => {
    const password = passwords[role];
    if (password === undefined) throw new Error(`${file} holds no password for ${role}.`);
    return roleUrl(databaseUrl, role, password);
  };
}
