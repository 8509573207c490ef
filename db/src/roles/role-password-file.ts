import { mkdir } from 'node:fs/promises';
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

/**
 * The passwords of this installation: made once, kept in a file of mode 0600 in the state directory.
 *
 * @throws when the file is not what this function wrote
 */
export async function keepRolePasswords(stateDir: string): Promise<RolePasswords> {
  await mkdir(stateDir, { recursive: true });
  const path = join(stateDir, 'database-roles.json');
  const content = await createOnce(path, `${JSON.stringify(generateRolePasswords(), null, 2)}\n`, 0o600);
  try {
    return schema.parse(JSON.parse(content));
  } catch (error) {
    throw new Error(
      `${path} does not hold the passwords of the database roles. Restore it, or delete it to have new ones made.`,
      {
        cause: error,
      },
    );
  }
}
