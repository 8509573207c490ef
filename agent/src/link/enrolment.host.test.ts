import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENROLMENT_REFUSALS, generateSigningKey, type EnrolmentRefusal } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectFacts } from '../capabilities/facts/index.js';
import { StateDirectory } from '../kernel/state-directory.js';
import { ScriptedControlPlane } from '../testing/index.js';
import { enrol, type EnrolmentOptions } from './enrolment.js';
import { loadIdentity } from './identity.js';
import { Keyring } from './keyring.js';

let controlPlane: ScriptedControlPlane;
let state: StateDirectory;

beforeEach(async () => {
  controlPlane = await ScriptedControlPlane.start();
  state = new StateDirectory(join(await mkdtemp(join(tmpdir(), 'ph-enrol-')), 'state'));
  await state.prepare();
});
afterEach(async () => {
  await controlPlane.stop();
  await rm(join(state.path, '..'), { recursive: true });
});

async function attempt(changes: Partial<EnrolmentOptions> = {}) {
  return enrol({
    state,
    address: { url: controlPlane.url, tls: undefined, timeoutMs: 1000 },
    pin: controlPlane.keys.pin,
    tlsPin: null,
    token: controlPlane.issueToken(),
    facts: await collectFacts({ agentVersion: '0.1.0' }),
    ...changes,
  });
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('enrolment', () => {
  it('stores an identity, its key and the keyset, for the agent’s own user only', async () => {
    const identity = await attempt();
    const stored = await loadIdentity(state.identity);
    expect(stored).toMatchObject({ agentId: identity.agentId, generation: 1, url: controlPlane.url });
    expect(stored?.signingKey.publicKey).toBe(controlPlane.agents.get(identity.agentId)?.publicKey);
    expect((await Keyring.load(state.keyset, controlPlane.keys.pin)).keyset.version).toBe(1);
    expect(await readdir(state.path)).toEqual(['identity.json', 'keyset.json']);
    expect(await Promise.all([state.path, state.identity, state.keyset].map(modeOf))).toEqual(['700', '600', '600']);
  });

  it('tells the facts of this host', async () => {
    const { agentId } = await attempt();
    expect(controlPlane.agents.get(agentId)?.facts).toMatchObject({
      kernel: expect.any(String),
      agentVersion: '0.1.0',
    });
  });

  it('never stores the token', async () => {
    const token = controlPlane.issueToken();
    await attempt({ token });
    for (const name of await readdir(state.path)) {
      expect(await readFile(join(state.path, name), 'utf8')).not.toContain(token);
    }
  });

  it('sends no token to a control plane with another root key', async () => {
    const token = controlPlane.issueToken();
    await expect(attempt({ token, pin: 'ab'.repeat(32) })).rejects.toMatchObject({ code: 'WRONG_ROOT' });
    expect(controlPlane.tokens.has(token)).toBe(true);
    expect(await readdir(state.path)).toEqual([]);
  });

  it.each(Object.keys(ENROLMENT_REFUSALS) as EnrolmentRefusal[])(
    'passes on the refusal %s and leaves nothing',
    async (code) => {
      controlPlane.faults.enrolmentRefusal = code;
      await expect(attempt()).rejects.toMatchObject({ code, message: ENROLMENT_REFUSALS[code].message });
      expect(await readdir(state.path)).toEqual([]);
    },
  );

  it('refuses a used token with a sentence on what to do', async () => {
    const token = controlPlane.issueToken();
    await attempt({ token });
    await expect(attempt({ token })).rejects.toThrow('already used or expired. Make a new one.');
  });

  it.each(['', 'phe_short', `phk_${'a'.repeat(43)}`, `phe_${'a'.repeat(44)}`])(
    'refuses %j before asking anybody',
    async (token) => {
      await controlPlane.stop();
      await expect(attempt({ token })).rejects.toMatchObject({ code: 'MALFORMED' });
      await controlPlane.listen();
    },
  );

  it.each<[string, () => void]>([
    ['signed by another key', () => (controlPlane.faults.receiptKey = generateSigningKey())],
    [
      'for another agent’s key',
      () => {
        const publicKey = generateSigningKey().publicKey;
        controlPlane.faults.changeReceipt = (receipt) => ({ ...receipt, publicKey });
      },
    ],
    [
      'of another installation',
      () => (controlPlane.faults.changeReceipt = (receipt) => ({ ...receipt, rootFingerprint: 'cd'.repeat(32) })),
    ],
  ])('does not believe a receipt %s', async (_what, forge) => {
    forge();
    await expect(attempt()).rejects.toMatchObject({ code: 'BAD_RECEIPT' });
    expect(await loadIdentity(state.identity)).toBeNull();
  });

  it('says that the token may be spent when no answer comes, and keeps the key for the next attempt', async () => {
    controlPlane.faults.cutEnrolment = true;
    const token = controlPlane.issueToken();
    await expect(attempt({ token })).rejects.toThrow('the token may be spent. Run this again with the same token');
    const [lost] = [...controlPlane.agents.values()];
    controlPlane.faults.cutEnrolment = false;
    await expect(attempt({ token })).rejects.toThrow(/got no answer and may have spent it: remove the server/);
    expect(await modeOf(state.path)).toBe('700');
    const identity = await attempt();
    expect(identity.agentId).not.toBe(lost?.agentId);
  });

  it('finishes with the same key after dying between the request and the answer', async () => {
    controlPlane.faults.cutEnrolment = true;
    await expect(attempt()).rejects.toMatchObject({ code: 'NO_ANSWER' });
    const [lost] = [...controlPlane.agents.values()];
    controlPlane.faults.cutEnrolment = false;
    const identity = await attempt();
    expect(identity.signingKey.publicKey).toBe(lost?.publicKey);
  });

  it('is not stopped by a damaged file of an earlier attempt', async () => {
    await writeFile(state.pendingEnrolment, '{"privateKey": "half');
    await expect(attempt()).resolves.toMatchObject({ generation: 1 });
  });

  it('says so when what answers is not a control plane', async () => {
    const address = { url: 'http://127.0.0.1:1', tls: undefined, timeoutMs: 1000 };
    await expect(attempt({ address })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    controlPlane.faults.hangHttp = true;
    await expect(attempt({ address: { url: controlPlane.url, tls: undefined, timeoutMs: 100 } })).rejects.toMatchObject(
      {
        cause: { message: expect.stringContaining('did not answer within 0.1 s') },
      },
    );
  });
});

describe('a stored identity', () => {
  it('that is damaged is refused without quoting the key', async () => {
    await attempt();
    const text = await readFile(state.identity, 'utf8');
    await writeFile(state.identity, text.slice(0, -40));
    await expect(loadIdentity(state.identity)).rejects.toThrow('is damaged: enrol this host again');
    await expect(loadIdentity(state.identity)).rejects.not.toThrow('PRIVATE');
  });
});
