import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureInstallation, readCommandKey, readKeys } from '../main/installation/installation.js';
import { PASSWORD, TestApi } from '../testing/index.js';

const COMPLETE = `mutation ($input: CompleteSetupInput!) { completeSetup(input: $input) { __typename } }`;

let here: TestApi;
let there: TestApi;
beforeAll(async () => {
  here = await TestApi.start();
  there = await TestApi.start({ replicaOf: here });
});
afterAll(async () => {
  await there.stop();
  await here.stop();
});

const complete = async (api: TestApi, code: string, email: string) => {
  const input = { code, email, displayName: 'Owner', password: PASSWORD, workspaceName: 'Home', client: 'CLI' };
  const { data } = await api.ask(COMPLETE, { variables: { input } });
  return data.completeSetup.__typename as string;
};

test('the codes that two replicas say at their first start are both good', async () => {
  const offer = (api: TestApi, place: string) => api.controlPlane.features.people.setUp.offerCode(place);
  const api = await TestApi.start();
  const other = await TestApi.start({ replicaOf: api });
  const [first] = await Promise.all([offer(api, 'one'), offer(other, 'other')]);
  await offer(other, 'other');
  expect(await complete(other, first!, 'owner@example.test')).toBe('SignedIn');
  await other.stop();
  await api.stop();
});

test('50 set-ups at once over two replicas make one owner, and it is closed for ever on both', async () => {
  const code = (await here.controlPlane.features.people.setUp.offerCode())!;
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) => complete(i % 2 ? here : there, code, `owner-${i}@example.test`)),
  );
  expect(results.filter((name) => name === 'SignedIn')).toHaveLength(1);
  expect(results.filter((name) => name === 'SetupRefused')).toHaveLength(49);
  for (const table of ['users', 'workspaces', 'memberships']) {
    expect(await here.sql(`select count(*)::int as count from ${table}`)).toEqual([{ count: 1 }]);
  }
  for (const api of [here, there]) {
    expect(await api.controlPlane.features.people.setUp.offerCode()).toBeNull();
    expect(await complete(api, code, 'late@example.test')).toBe('SetupRefused');
  }
  // Whoever empties the tables of people has not opened it again.
  await here.sql('delete from memberships');
  expect(await there.controlPlane.features.people.setUp.offerCode()).toBeNull();
});

/** As an api that signs by itself does. */
const readAllKeys = async (stateDir: string) => ({
  ...(await readKeys(stateDir)),
  command: await readCommandKey(stateDir),
});

describe('without a key file nothing starts', () => {
  test.each(['keys/root.public.json', 'keys/control-plane.pem', 'signer/command.pem', 'keys/sealing.key'])(
    'and %s is named in a sentence',
    async (file) => {
      const api = await TestApi.start();
      try {
        await rm(join(api.stateDir, file));
        await expect(readAllKeys(api.stateDir)).rejects.toThrow(
          `The key file ${file} cannot be read from the state directory. Restore it from your backup.`,
        );
        // An installation that was made once is not made anew with other keys.
        await ensureInstallation({ stateDir: api.stateDir, adminUrl: api.db.adminUrl }).catch(() => undefined);
        expect(await readdir(join(api.stateDir, file, '..'))).not.toContain(file.split('/').at(-1));
      } finally {
        await api.stop();
      }
    },
  );
});

test('every installation has keys of its own', async () => {
  const other = await TestApi.start();
  const [a, b] = await Promise.all([here, other].map((api) => readAllKeys(api.stateDir)));
  expect(a!.rootFingerprint).not.toBe(b!.rootFingerprint);
  expect(a!.command.keyId).not.toBe(b!.command.keyId);
  expect(a!.controlPlane.keyId).not.toBe(b!.controlPlane.keyId);
  const place = { workspaceId: null, table: 't', column: 'c', row: 'r', version: 1 };
  expect(() => b!.sealing.open(a!.sealing.seal(Buffer.from('x'), place), place)).toThrow('unable to authenticate');
  await other.stop();
});
