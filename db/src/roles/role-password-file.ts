import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createOnce } from '../kernel/small-files.js';
import { generateRolePasswords, type RolePasswords } from './role-passwords.js';

const password = z.string().min(32);
const schema = z.strictObject({
  ph_app: password,
  ph_jobs: password,
  ph_telemetry_writer: password,
  ph_signer: password,
});

export interface RolePasswordsPlace {
  databaseRolesFile?: string | null | undefined;
  stateDir: string;
}

/**
 * The passwords of this installation: made once, kept in a file of mode 0600 in the state directory.
 *
 * @throws when the file is not what this function wrote
 */
export async function keepRolePasswords(stateDir: string): Promise<RolePasswords> {
  await mkdir(stateDir, { recursive: true });
  const path = join(stateDir, 'database-roles.json');
  const content = await createOnce(path, `${JSON.stringify(generateRolePasswords(), null, 2)}\n`, 0o600);
  return parse(content, `${path} does not hold ${PASSWORDS}. Restore it, or delete it to have new ones made.`);
}

/**
 * The passwords in a file that the operator has made.
 *
 * @throws when it cannot be read, or does not hold one of at least 32 characters for each role that logs in, and no other
 */
export async function readRolePasswords(path: string): Promise<RolePasswords> {
  return parse(await readFile(path, 'utf8'), `${path} does not hold ${PASSWORDS}.`);
}

/** The passwords in the file that the operator names, or else those of the state directory, made there if need be. */
export function rolePasswordsOf({ databaseRolesFile, stateDir }: RolePasswordsPlace): Promise<RolePasswords> {
  return databaseRolesFile ? readRolePasswords(databaseRolesFile) : keepRolePasswords(stateDir);
}

const PASSWORDS = 'the passwords of the database roles';

function parse(content: string, complaint: string): RolePasswords {
  try {
    return schema.parse(JSON.parse(content));
  } catch (error) {
    throw new Error(complaint, { cause: error });
  }
}
