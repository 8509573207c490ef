import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer as createTlsServer, get } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEnvironment } from '../../kernel/environment.js';
import { isLoopbackHost } from '../../kernel/loopback.js';
import {
  certificateFingerprint,
  isSelfSigned,
  keepOwnCertificate,
  type CertificateFiles,
} from '../../kernel/tls-certificate.js';
import { chooseEndpoint, type Endpoint } from './endpoint.js';

let stateDir: string;
let said: string[];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-endpoint-'));
  said = [];
});
afterEach(() => rm(stateDir, { recursive: true }));

function choose(variables: Record<string, string>): Promise<Endpoint> {
  return chooseEndpoint({ environment: readEnvironment(variables), stateDir, say: (line) => said.push(line) });
}

async function anyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('on loopback', () => {
  test.each(['127.0.0.1', '127.1.2.3', 'localhost'])('%s is served without TLS', async (host) => {
    const port = await anyPort();
    const endpoint = await choose({ PILOTHOUSE_LISTEN: `${host}:${port}` });
    expect(endpoint).toMatchObject({ port, tls: null, tlsPin: null, origin: `http://${host}:${port}` });
    expect(said).toEqual([]);
  });

  test.each(['::1', '127.255.255.254'])('counts %s in', (host) => expect(isLoopbackHost(host)).toBe(true));

  test.each(['::', '0.0.0.0', '128.0.0.1', '127.0.0.1.example.org', 'localhost.example.org'])(
    'does not count %s in',
    (host) => expect(isLoopbackHost(host)).toBe(false),
  );

  test('is known by the public address where one is given', async () => {
    const endpoint = await choose({
      PILOTHOUSE_LISTEN: '127.0.0.1:0',
      PILOTHOUSE_PUBLIC_URL: 'https://pilot.example.org/',
    });
    expect(endpoint).toMatchObject({ tls: null, tlsPin: null, origin: 'https://pilot.example.org' });
  });
});

describe('beyond loopback', () => {
  test('makes a certificate once, prints its fingerprint at every start, and has programs pin it', async () => {
    const first = await choose({ PILOTHOUSE_LISTEN: '0.0.0.0:0' });
    const second = await choose({ PILOTHOUSE_LISTEN: '0.0.0.0:0' });
    expect(first.origin).toMatch(/^https:\/\/(?!0\.0\.0\.0)[^:]+:\d+$/);
    expect(first.tlsPin).toMatch(/^[0-9a-f]{64}$/);
    expect(second.tlsPin).toBe(first.tlsPin);
    expect(first.tls && (await isSelfSigned(first.tls.certificateFile))).toBe(true);
    expect(said).toEqual(Array(2).fill(`Certificate made by this Pilothouse, SHA-256 ${first.tlsPin}`));
  });

  test('has no encryption only where the operator insists, and warns', async () => {
    const endpoint = await choose({ PILOTHOUSE_LISTEN: '0.0.0.0:0', PILOTHOUSE_INSECURE_HTTP: '1' });
    expect(endpoint).toMatchObject({ tls: null, tlsPin: null });
    expect(endpoint.origin).toMatch(/^http:/);
    expect(said).toEqual([expect.stringMatching(/^Warning: 0\.0\.0\.0 is served without encryption/)]);
  });

  test('uses the certificate that is given, also where plain HTTP would be allowed', async () => {
    const given = await keepOwnCertificate(join(stateDir, 'given'), ['localhost']);
    const endpoint = await choose({
      PILOTHOUSE_LISTEN: '0.0.0.0:0',
      PILOTHOUSE_TLS_CERT: given.certificateFile,
      PILOTHOUSE_TLS_KEY: given.keyFile,
      PILOTHOUSE_INSECURE_HTTP: '1',
    });
    expect(endpoint).toMatchObject({ tls: given, tlsPin: await certificateFingerprint(given.certificateFile) });
    expect(said).toEqual([]);
  });
});

test('says what it cannot listen on', async () => {
  await expect(choose({ PILOTHOUSE_LISTEN: '192.0.2.1:7700', PILOTHOUSE_INSECURE_HTTP: '1' })).rejects.toThrow(
    'Pilothouse cannot listen on 192.0.2.1:7700',
  );
});

describe('the certificate that Pilothouse makes', () => {
  let files: CertificateFiles;
  beforeEach(async () => void (files = await keepOwnCertificate(stateDir, ['localhost', '127.0.0.1', '::1'])));

  test('is accepted by whoever trusts it, for the names it was made for', async () => {
    const { certificateFile, keyFile } = files;
    const ca = await readFile(certificateFile);
    const server = createTlsServer({ cert: ca, key: await readFile(keyFile) }, (_request, response) => response.end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const ask = (servername: string) =>
      once(get({ host: '127.0.0.1', port, ca, servername, agent: false }), 'response');
    await expect(ask('localhost')).resolves.toHaveLength(1);
    await expect(ask('other.example.org')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    server.closeAllConnections();
    server.close();
  });

  test('has a key that its owner alone can read', async () => {
    expect((await stat(files.keyFile)).mode & 0o777).toBe(0o600);
  });

  test('is not made again', async () => {
    const before = await readFile(files.certificateFile, 'utf8');
    await keepOwnCertificate(stateDir, ['elsewhere']);
    expect(await readFile(files.certificateFile, 'utf8')).toBe(before);
  });
});
