import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { getJson, postJson } from '../link/control-plane-http.js';
import { tlsTrust } from './tls-trust.js';

const directory = mkdtempSync(join(tmpdir(), 'ph-tls-'));
let server: Server;
let url: string;
let pin: string;
let keyPin: string;
let requests = 0;

beforeAll(async () => {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory, name)) as [string, string];
  const files = ['-keyout', key, '-out', cert];
  const subject = ['-subj', '/CN=another-name', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...files, ...subject], { stdio: 'ignore' });
  const certificate = new X509Certificate(readFileSync(cert));
  pin = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  keyPin = `sha256//${createHash('sha256').update(spki).digest('base64')}`;
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
    requests += 1;
    response.end('{"ok":true}');
  });
  new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  rmSync(directory, { recursive: true });
});

const address = (fingerprint: string | null) => ({ url, tls: tlsTrust(fingerprint, 20_000), timeoutMs: 20_000 });

describe('tlsTrust', () => {
  it('talks to the pinned certificate, whoever signed it and whatever name is in it', async () => {
    expect(await getJson(address(pin), '/agent/keyset')).toMatchObject({ status: 200, body: { ok: true } });
  });

  it('talks to a certificate of the pinned key', async () => {
    expect(await getJson(address(keyPin), '/agent/keyset')).toMatchObject({ status: 200 });
  });

  it('opens WebSockets to it too', async () => {
    const socket = new WebSocket(url.replace('https', 'wss'), { agent: tlsTrust(pin, 2000) });
    await once(socket, 'open');
    socket.terminate();
  });

  it('writes no byte of a request to another certificate', async () => {
    const before = requests;
    const other = (text: string) => `${text.startsWith('a') ? 'b' : 'a'}${text.slice(1)}`;
    for (const wrong of [other(pin), `sha256//${other(keyPin.slice(8))}`]) {
      await expect(postJson(address(wrong), '/agent/enrol', { token: 'secret' })).rejects.toThrow(
        'is not the pinned one',
      );
    }
    expect(requests).toBe(before);
  });

  it('leaves it to the known authorities where nothing is pinned', async () => {
    await expect(getJson(address(null), '/agent/keyset')).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  });
});
