import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import type { SignedKeyset } from '@pilothouse/protocol';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentSources } from '../../features/releases/index.js';
import { ensureInstallation, readCommandKey, readKeys } from './installation.js';

const REFUSED =
  /^The database knows no installation, but the state directory holds the keys of one: .+ Restore the database/;

let database: TestDatabase;
let empty: TestDatabase;
let stateDir: string;

beforeEach(async () => {
  [database, empty] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-installation-'));
});
afterEach(async () => {
  await Promise.all([database.drop(), empty.drop()]);
  await rm(stateDir, { recursive: true });
});

const ensure = ({ adminUrl } = database, agent: AgentSources | null = null) =>
  ensureInstallation({ stateDir, adminUrl, agent });

/** Every file below the state directory, with its bytes. */
async function files(): Promise<Record<string, string>> {
  const entries = await readdir(stateDir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'hex')] as const)));
}

/** An agent that was not built: its release fails, after the keys were written. */
const NOWHERE = '/nonexistent';
const notBuilt: AgentSources = {
  manifest: NOWHERE,
  program: NOWHERE,
  runner: NOWHERE,
  unit: NOWHERE,
  installer: NOWHERE,
  licence: NOWHERE,
};

describe('a database that knows no installation', () => {
  it('never costs the keys that are there: the start is refused, and says what to do', async () => {
    await ensure();
    const before = await files();
    await expect(ensure(empty)).rejects.toThrow(REFUSED);
    expect(await files()).toEqual(before);
    await expect(ensure()).resolves.toMatchObject({ rootKeyPassphrase: null });
  });

  it.each([
    'keys/root.encrypted.pem',
    'keys/root.public.json',
    'keys/control-plane.pem',
    'keys/sealing.key',
    'signer/command.pem',
  ])('does not cost what is left of them either: %s', async (name) => {
    await ensure();
    const kept = await readFile(join(stateDir, name));
    for (const directory of ['keys', 'signer']) {
      for (const file of await readdir(join(stateDir, directory))) {
        if (`${directory}/${file}` !== name) await rm(join(stateDir, directory, file));
      }
    }
    await expect(ensure(empty)).rejects.toThrow(name);
    expect(await readFile(join(stateDir, name))).toEqual(kept);
  });

  it('begins a new installation once the keys were moved away', async () => {
    const { rootFingerprint } = await ensure();
    for (const directory of ['keys', 'signer'])
      await rename(join(stateDir, directory), join(stateDir, `old-${directory}`));
    const fresh = await ensure(empty);
    expect(fresh.rootKeyPassphrase).not.toBeNull();
    expect(fresh.rootFingerprint).not.toBe(rootFingerprint);
  });
});

describe('a first start that was cut short', () => {
  it('begins anew, with keys that the database knows', async () => {
    await expect(ensure(database, notBuilt)).rejects.toThrow(NOWHERE);
    const before = await files();
    expect(Object.keys(before).length).toBeGreaterThan(4);
    await expect(ensure()).resolves.toMatchObject({ rootKeyPassphrase: expect.any(String) });
    const after = await files();
    expect(after[join(stateDir, 'keys/control-plane.pem')]).not.toBe(before[join(stateDir, 'keys/control-plane.pem')]);
    await expect(ensure(empty)).rejects.toThrow(REFUSED);
  });

  it('just after the keyset was stored is finished by the next, and its keys are kept from then on', async () => {
    const { rootFingerprint } = await ensure();
    await writeFile(join(stateDir, 'keys/unfinished'), '');
    expect(await ensure()).toMatchObject({ rootFingerprint, rootKeyPassphrase: null });
    await expect(ensure(empty)).rejects.toThrow(REFUSED);
  });
});

it('is made once by several at once, and what the keyset says is what their files hold', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => ensure()));
  expect(made.filter(({ rootKeyPassphrase }) => rootKeyPassphrase !== null)).toHaveLength(1);
  expect(new Set(made.map(({ rootFingerprint }) => rootFingerprint)).size).toBe(1);
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ signed: SignedKeyset }>('select signed from keysets');
  await admin.end();
  expect(rows).toHaveLength(1);
  const keyset = Buffer.from(rows[0]!.signed.keyset, 'base64').toString();
  expect(keyset).toContain((await readKeys(stateDir)).controlPlane.keyId);
  expect(keyset).toContain((await readCommandKey(stateDir)).keyId);
});
