import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from './environment.js';

test('needs nothing: the state is kept in the working directory', () => {
  expect(readEnvironment({})).toEqual({
    databaseUrl: undefined,
    databaseRolesFile: undefined,
    stateDir: '.pilothouse',
    testPostgresAdminUrl: undefined,
  });
});

test.each(['postgres://admin@db/pilothouse', 'postgresql://admin@db/pilothouse'])('takes the database %s', (url) => {
  expect(readEnvironment({ PILOTHOUSE_DATABASE_URL: url }).databaseUrl).toBe(url);
});

test.each(['', 'db', 'mysql://db/pilothouse'])('refuses %j as a database and names the variable', (url) => {
  expect(() => readEnvironment({ PILOTHOUSE_DATABASE_URL: url })).toThrow('PILOTHOUSE_DATABASE_URL');
});

test('reads the address from the file that the operator names, and the place of the passwords', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pilothouse-environment-'));
  const file = join(directory, 'database-url');
  await writeFile(file, 'postgres://admin:secret@db/pilothouse\n');
  const roles = join(directory, 'roles.json');
  const variables = { PILOTHOUSE_DATABASE_URL_FILE: file, PILOTHOUSE_DATABASE_ROLES_FILE: roles };
  expect(readEnvironment(variables)).toMatchObject({
    databaseUrl: 'postgres://admin:secret@db/pilothouse',
    databaseRolesFile: roles,
  });
  await rm(directory, { recursive: true });
});

test('refuses an address that is said twice', () => {
  const twice = { PILOTHOUSE_DATABASE_URL: 'postgres://db/a', PILOTHOUSE_DATABASE_URL_FILE: '/nowhere/url' };
  expect(() => readEnvironment(twice)).toThrow('set one of them');
});
