import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateRolePasswords, keepRolePasswords, LOGIN_ROLES, roleUrl } from './index.js';

let stateDir: string;
let path: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-roles-'));
  path = join(stateDir, 'database-roles.json');
});
afterEach(() => rm(stateDir, { recursive: true }));

test('gives every role that logs in a password of its own of 256 bits', () => {
  const passwords = generateRolePasswords();
  expect(Object.keys(passwords)).toEqual([...LOGIN_ROLES]);
  expect(new Set(Object.values(passwords)).size).toBe(LOGIN_ROLES.length);
  for (const password of Object.values(passwords)) expect(Buffer.from(password, 'base64url')).toHaveLength(32);
});

test('keeps the passwords it made, in a file that nobody else can read', async () => {
  const made = await keepRolePasswords(stateDir);
  expect(await keepRolePasswords(stateDir)).toEqual(made);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('gives two starters at once the same passwords', async () => {
  const [one, two] = await Promise.all([keepRolePasswords(stateDir), keepRolePasswords(stateDir)]);
  expect(one).toEqual(two);
});

test.each(['', '{}', '{"ph_app": "short"}', 'not json'])(
  'refuses a file that holds %j, and leaves it alone',
  async (text) => {
    await writeFile(path, text);
    await expect(keepRolePasswords(stateDir)).rejects.toThrow(path);
    expect(await readFile(path, 'utf8')).toBe(text);
  },
);

test('builds the URL of a role whatever characters its password has', () => {
  const url = new URL(roleUrl('postgres://ph_admin:old@127.0.0.1:7732/pilothouse', 'ph_app', 'p@ss/w:rd?'));
  expect(decodeURIComponent(url.password)).toBe('p@ss/w:rd?');
  expect(url.username).toBe('ph_app');
  expect(url.host + url.pathname).toBe('127.0.0.1:7732/pilothouse');
});
