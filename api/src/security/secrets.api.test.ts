import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSigningKey } from '@pilothouse/protocol';
import { seedServer } from '@pilothouse/db/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../testing/index.js';
import { CONTROL, formsOf, SecretScenario } from './testing/secret-scenario.js';

let api: TestApi;
let scenario: SecretScenario;

beforeAll(async () => {
  api = await TestApi.start();
  scenario = new SecretScenario(api, (text) => api.sql(text));
  await scenario.begin((await api.controlPlane.features.people.setUp.offerCode())!);
  await scenario.people();
  await scenario.secondFactor();
  await scenario.addServer('web');
  const [workspace] = await api.sql<{ id: string }>('select id from workspaces');
  const { serverId } = await seedServer(api.db, workspace!.id, {
    identity: { publicKey: generateSigningKey().publicKey },
  });
  await scenario.commands(serverId);
  await scenario.mistakes();
}, 120_000);
afterAll(() => api.stop());

const found = (text: string) =>
  Object.entries(scenario.canaries)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);

/** All values of a column; bytes both as hexadecimal digits and as what they spell. */
async function textOf(table: string, column: string): Promise<string> {
  const rows = await api.sql<{ text: string }>(
    `select "${column}"::text as text from ${table} where "${column}" is not null`,
  );
  const spelled = (text: string) =>
    text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('latin1') : '';
  return rows.map(({ text }) => `${text} ${spelled(text)}`).join('\n');
}

test('the scenario had every secret, and things went wrong in it', () => {
  expect(Object.values(scenario.canaries).every((secret) => secret?.length >= 8)).toBe(true);
  expect(Object.keys(scenario.canaries).length).toBeGreaterThanOrEqual(24);
  expect(scenario.refusals.length).toBeGreaterThanOrEqual(18);
  expect(api.logged.filter((line) => JSON.parse(line).level >= 50).length).toBeGreaterThanOrEqual(2);
});

test('no secret is in the log', () => {
  expect(found(api.logged.join('\n'))).toEqual([]);
});

test('no secret is in the body of an error or refusal', () => {
  expect(found(scenario.refusals.join('\n'))).toEqual([]);
});

test('no secret is in any column of any table', async () => {
  const columns = await api.sql<{ table: string; column: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, a.attname as column
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  expect(columns.length).toBeGreaterThan(100);
  const hits: string[] = [];
  const controls: string[] = [];
  for (const { table, column } of columns) {
    const text = await textOf(table, column);
    hits.push(...found(text).map((name) => `${name} in ${table}.${column}`));
    if (text.includes(CONTROL)) controls.push(`${table}.${column}`);
  }
  expect(hits).toEqual([]);
  expect(controls).toEqual(expect.arrayContaining(['public.commands.arguments', 'public.audit_entries.detail']));
});

test('no secret is in a file of the state directory', async () => {
  const files = await readdir(api.stateDir, { recursive: true, withFileTypes: true });
  const hits: string[] = [];
  for (const file of files.filter((entry) => entry.isFile())) {
    const text = (await readFile(join(file.parentPath, file.name))).toString('latin1');
    hits.push(...found(text).map((name) => `${name} in ${file.name}`));
  }
  expect(files.length).toBeGreaterThan(4);
  expect(hits).toEqual([]);
});
