import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

const MIGRATE = join(import.meta.dirname, '../../dist/main/migrate.js');

let database: TestDatabase;
let directory: string;

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-migrate-'));
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

it('takes the address and the passwords from the files that the operator names, and makes none of its own', async () => {
  const file = (name: string) => join(directory, name);
  await writeFile(file('url'), `${database.adminUrl}\n`);
  await writeFile(file('roles.json'), JSON.stringify(database.rolePasswords));
  const env = {
    PILOTHOUSE_DATABASE_URL_FILE: file('url'),
    PILOTHOUSE_DATABASE_ROLES_FILE: file('roles.json'),
    PILOTHOUSE_STATE_DIR: file('state'),
  };
  const { stdout } = await promisify(execFile)(process.execPath, [MIGRATE], { env });
  expect(stdout).toContain('The schema is up to date');
  expect(await readdir(directory)).toEqual(['roles.json', 'url']);
});
