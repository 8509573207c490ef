import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { generateSigningKey, openKeyset, sha256, signKeyset, type Keyset } from '@pilothouse/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EntrancesScene } from './testing/entrances.scene.js';

const scene = new EntrancesScene();
beforeAll(() => scene.start());
afterAll(() => scene.stop());

describe('the keyset', () => {
  const publicPart = ({ keyId, publicKey }: { keyId: string; publicKey: string }) => ({ keyId, publicKey });

  test('is unavailable before the installation has one, and the newest afterwards', async () => {
    expect(await scene.get('/agent/keyset')).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    const pin = scene.fleet.rootFingerprint;
    for (const version of [1, 2]) {
      const keyset: Keyset = {
        version,
        issuedAt: '2026-01-01T00:00:00.000Z',
        controlPlane: [publicPart(scene.fleet.identityKey)],
        command: [publicPart(generateSigningKey())],
      };
      const signed = signKeyset(scene.fleet.rootKey, keyset);
      await scene.fleet.harness.sql('insert into keysets (version, signed) values ($1, $2)', [version, signed]);
      const { status, body } = await scene.get('/agent/keyset');
      expect(status).toBe(200);
      expect(openKeyset(body, pin)).toEqual({ ok: true, keyset });
    }
  });
});

describe('a challenge', () => {
  test('is random, is stored as its hash for 30 s, and is spent once by its agent', async () => {
    const agentId = '018f0000-0000-7000-8000-00000000000a';
    const [first, second] = await Promise.all([
      scene.post('/agent/challenge', { agentId }),
      scene.post('/agent/challenge', { agentId }),
    ]);
    expect(first.status).toBe(200);
    const { challenge } = first.body;
    expect(challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(second.body.challenge).not.toBe(challenge);
    const spend = async (agent: string) =>
      (
        await scene.fleet.harness.sql<{ spent: boolean | null }>('select spend_agent_challenge($1, $2) as spent', [
          agent,
          sha256(challenge),
        ])
      )[0]!.spent;
    expect(await spend('018f0000-0000-7000-8000-00000000000b')).toBeNull();
    expect(await spend(agentId)).toBe(true);
    expect(await spend(agentId)).toBeNull();
    const [row] = await scene.fleet.harness.sql<{ seconds: string }>(
      'select extract(epoch from expires_at - now()) as seconds from agent_challenges where challenge_hash = $1',
      [sha256(second.body.challenge)],
    );
    expect(Number(row!.seconds)).toBeGreaterThan(20);
    expect(Number(row!.seconds)).toBeLessThanOrEqual(30);
  });

  test.each([{}, { agentId: 7 }, { agentId: 'x\0' }, [], 'null'])('is not given for %j', async (body) => {
    expect(await scene.post('/agent/challenge', body)).toMatchObject({ status: 400, body: { code: 'MALFORMED' } });
  });
});

describe('every way in', () => {
  test.each(['https://pilot.example.test', 'http://evil.test', 'null', ''])('refuses the Origin %j', async (origin) => {
    for (const [method, path] of [
      ['GET', '/agent/keyset'],
      ['POST', '/agent/enrol'],
      ['POST', '/agent/challenge'],
    ] as const) {
      expect(await withOrigin(method, path, origin)).toEqual({ status: 403, code: 'ORIGIN_NOT_ALLOWED' });
    }
  });

  test('takes a body of 64 KiB and none that is larger', async () => {
    const bodyOf = (bytes: number) => JSON.stringify({ padding: '' }).replace('""', `"${'x'.repeat(bytes - 14)}"`);
    expect(Buffer.byteLength(bodyOf(65_536))).toBe(65_536);
    expect((await scene.post('/agent/enrol', bodyOf(65_536))).body.code).toBe('MALFORMED');
    expect(await scene.post('/agent/enrol', bodyOf(65_537))).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE' },
    });
  });

  test('takes JSON only', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status, body } = await scene.post('/agent/enrol', 'token=x', { headers: { 'content-type': type } });
      expect({ status, code: body.code }).toEqual({ status: 415, code: 'NOT_JSON' });
    }
    const headers = { 'content-encoding': 'gzip' };
    expect((await scene.post('/agent/enrol', '{}', { headers })).body.code).toBe('NOT_JSON');
    for (const broken of ['{', '"text"', '', new Blob([Buffer.from('7b22fffe223a317d', 'hex')])]) {
      expect((await scene.post('/agent/enrol', broken)).body.code).toBe('MALFORMED');
    }
  });

  test('counts the requests of an address', async () => {
    let reply = await scene.post('/agent/challenge', {}, { at: 1 });
    let answered = 1;
    while (reply.status !== 429 && answered <= 101) {
      expect(reply.body.code).toBe('MALFORMED');
      reply = await scene.post('/agent/challenge', {}, { at: 1 });
      answered += 1;
    }
    expect(reply).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

/** fetch sets no Origin of the caller's choice. */
async function withOrigin(method: string, path: string, origin: string): Promise<{ status: number; code: string }> {
  const request = httpRequest(`${scene.origins[0]}${path}`, {
    method,
    headers: { origin, 'content-type': 'application/json' },
  }).end(method === 'POST' ? '{}' : undefined);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, code: JSON.parse(text).code };
}
