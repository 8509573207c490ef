import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fingerprintOf,
  generateSigningKey,
  openRelease,
  sha256Hex,
  signRelease,
  type Release,
} from '@pilothouse/protocol';
import express from 'express';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RATE_LIMITS, RateLimits } from '../../kernel/rate-limits.js';
import { readAgentPackage, type AgentPackage } from './agent-package.js';
import { packTar } from './archive.js';
import { createReleasesFeature } from './index.js';
import { makeRelease } from './make-release.js';
import { releaseStanding } from './release-standing.js';
import { ReleaseStore } from './release.store.js';
import { writeAgentSources } from './testing/agent-sources.js';

const root = generateSigningKey();
const pin = fingerprintOf(root.publicKey);
const PUBLIC_ORIGIN = 'https://pilot.example.test:7700';
const TLS_KEY_PIN = `sha256//${'A'.repeat(43)}=`;

let directory: string;
let store: ReleaseStore;
let server: Server;
let origin: string;
let seconds: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-releases-'));
  store = new ReleaseStore(join(directory, 'releases'), pin);
  seconds = 0;
  await serve(new RateLimits());
});
afterEach(async () => {
  await close();
  await rm(directory, { recursive: true });
});

async function serve(rateLimits: RateLimits) {
  const pins = { publicOrigin: PUBLIC_ORIGIN, rootFingerprint: pin, tlsKeyPin: TLS_KEY_PIN };
  const { router } = createReleasesFeature({ store, pins, rateLimits, log: pino({ level: 'silent' }) });
  const app = express().use(router);
  server = createServer(app.use((_request, response) => void response.status(418).end())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close() {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function packageOf(program?: string): Promise<AgentPackage> {
  return readAgentPackage(await writeAgentSources(join(directory, 'sources'), program));
}

/** Each release is a second later than the one before. */
async function release({ program, withNode = false }: { program?: string; withNode?: boolean } = {}): Promise<Release> {
  const fetchNode = async () => packTar([{ name: 'node', mode: 0o755, content: Buffer.alloc(3000, 'n') }]);
  const now = new Date(Date.UTC(2026, 10, 21, 0, 0, seconds++));
  return makeRelease({ store, root, agent: await packageOf(program), fetchNode: withNode ? fetchNode : null, now });
}

const get = (path: string, options: RequestInit = {}) => fetch(`${origin}${path}`, options);
const namesOf = ({ files }: Release) => files.map(({ name }) => name);

describe('a release', () => {
  it('is signed by the root key, and names every file with its digest', async () => {
    const made = await release({ withNode: true });
    const manifest = await (await get('/releases/release.json')).json();
    expect(openRelease(manifest, pin)).toEqual({ ok: true, release: made });
    for (const { name, sha256, sizeBytes } of made.files) {
      const content = Buffer.from(await (await get(`/releases/${name}`)).arrayBuffer());
      expect([name, sha256Hex(content), content.length]).toEqual([name, sha256, sizeBytes]);
    }
    expect(namesOf(made)).toEqual([
      `pilothouse-agent-1.2.3-${made.build}-linux-x64.tar.gz`,
      'node-20.20.2-linux-x64.tar.gz',
      `pilothouse-agent-1.2.3-${made.build}-linux-arm64.tar.gz`,
      'node-20.20.2-linux-arm64.tar.gz',
      `pilothouse-install-1.2.3-${made.build}.sh`,
    ]);
  });

  it('of the same files is the same to the byte, whenever it is made', async () => {
    const [one, other] = [await release(), await release()];
    expect(other).toEqual({ ...one, issuedAt: other.issuedAt });
    expect((await release({ program: 'another' })).build).not.toBe(one.build);
  });

  it('unpacks with tar, to files that root owns and nobody else may write', async () => {
    const made = await release();
    const current = await store.current();
    const archive = join(current!.directory, namesOf(made)[0]!);
    const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file', archive]);
    expect(
      listed
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.replaceAll(/ +/g, ' ')),
    ).toEqual([
      '-rw-r--r-- 0/0 15 1970-01-01 00:00 LICENSE',
      expect.stringMatching(/^-rwxr-xr-x 0\/0 \d+ 1970-01-01 00:00 install\.sh$/),
      '-rwxr-xr-x 0/0 16 1970-01-01 00:00 pilothouse-agent.cjs',
      '-rw-r--r-- 0/0 7 1970-01-01 00:00 pilothouse-agent.service',
      '-rwxr-xr-x 0/0 16 1970-01-01 00:00 runner.cjs',
    ]);
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: current!.directory });
  });

  it('takes the place of the one before, which is kept, and of no release of another root', async () => {
    const releases = [await release(), await release({ program: 'second' }), await release({ program: 'third' })];
    expect((await store.current())?.release).toEqual(releases[2]);
    expect(await readdir(join(directory, 'releases'))).toEqual([
      `20261121T000001000Z-1.2.3-${releases[1]!.build}`,
      `20261121T000002000Z-1.2.3-${releases[2]!.build}`,
      'current',
    ]);
    const foreign = signRelease(generateSigningKey(), releases[0]!);
    await expect(store.publish(foreign, new Map())).rejects.toThrow('WRONG_ROOT');
    expect((await store.current())?.release).toEqual(releases[2]);
  });

  it('is known to be what is built here, or older', async () => {
    expect(await releaseStanding(store, await packageOf())).toEqual({ kind: 'none' });
    const { build } = await release();
    const known = { version: '1.2.3', build, nodeVersion: null };
    expect(await releaseStanding(store, await packageOf())).toEqual({ kind: 'current', ...known });
    expect(await releaseStanding(store, await packageOf('changed'))).toEqual({ kind: 'older', ...known });
  });
});

describe('GET /releases', () => {
  it('gives only what the manifest names', async () => {
    const first = await release();
    const gone = namesOf(first)[0]!;
    await release({ program: 'second' });
    await writeFile(join((await store.current())!.directory, 'stray.tar.gz'), 'stray');
    const paths = ['', '/', '/stray.tar.gz', `/${gone}`, '/..%2fcurrent', '/.', '/current/release.json'];
    for (const path of paths) expect([path, (await get(`/releases${path}`)).status]).toEqual([path, 404]);
    expect((await get('/releases/release.json', { method: 'POST' })).status).toBe(404);
  });

  it('lets files be kept for ever, and what changes be asked for again', async () => {
    const [name = ''] = namesOf(await release());
    const { headers } = await get(`/releases/${name}`);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    // Not by fetch, which forbids caches to answer as soon as it sees this header.
    const again = request(`${origin}/releases/${name}`, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    const [answer] = (await once(again.end(), 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(304);
    for (const changing of ['release.json', 'SHA256SUMS']) {
      expect((await get(`/releases/${changing}`)).headers.get('cache-control')).toBe('no-cache');
    }
    expect((await get('/install.sh')).headers.get('cache-control')).toBe('no-store');
  });

  it('answers HEAD with the size, and a range with that part', async () => {
    const made = await release();
    const { name, sizeBytes } = made.files[0]!;
    for (const path of [`/releases/${name}`, '/releases/release.json', '/install.sh']) {
      const head = await get(path, { method: 'HEAD' });
      const whole = await (await get(path)).arrayBuffer();
      expect([path, head.headers.get('content-length')]).toEqual([path, String(whole.byteLength)]);
    }
    const part = await get(`/releases/${name}`, { headers: { range: `bytes=${sizeBytes - 10}-` } });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
    expect((await get(`/releases/${name}`, { headers: { range: `bytes=${sizeBytes}-` } })).status).toBe(416);
  });

  it('gives nothing that another root has signed', async () => {
    const made = await release();
    const current = await store.current();
    await writeFile(join(current!.directory, 'release.json'), JSON.stringify(signRelease(generateSigningKey(), made)));
    store = new ReleaseStore(join(directory, 'releases'), pin);
    await close();
    await serve(new RateLimits());
    for (const path of ['/install.sh', '/releases/release.json', `/releases/${namesOf(made)[0]}`]) {
      const answer = await get(path);
      expect([path, answer.status, await answer.text()]).toEqual([path, 500, 'Something went wrong on our side.\n']);
    }
  });

  it('is limited per address', async () => {
    await close();
    await serve(new RateLimits({ ...RATE_LIMITS, release: { points: 3, seconds: 60 } }));
    await release();
    const statuses = [];
    for (let asked = 0; asked < 4; asked += 1) statuses.push((await get('/releases/SHA256SUMS')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await get('/install.sh')).headers.get('retry-after')).toMatch(/^\d+$/);
  });
});

describe('GET /install.sh', () => {
  const run = (script: string) => execFileSync('/bin/sh', ['-c', script], { stdio: 'pipe' }).toString();

  it('knows the public address and the pins, whatever the request says', async () => {
    await release();
    const answer = await get('/install.sh', { headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } });
    const sums = await (await get('/releases/SHA256SUMS')).text();
    expect(run(await answer.text()).split('\n')).toEqual([PUBLIC_ORIGIN, pin, TLS_KEY_PIN, sha256Hex(sums), '']);
  });

  it('says in its place that nothing is released, and fails', async () => {
    const script = await (await get('/install.sh')).text();
    expect(() => run(script)).toThrow(/has released no agent yet[^]*npm run release/);
  });

  it('is not given once its file is another than the root key has signed', async () => {
    const made = await release();
    const installer = namesOf(made).at(-1) as string;
    const place = join(directory, 'releases', 'current', installer);
    await chmod(place, 0o600);
    await appendFile(place, 'touch /tmp/owned\n');
    const script = await (await get('/install.sh')).text();
    expect(script).not.toContain('owned');
    expect(() => run(script)).toThrow(/is not the one that was released/);
  });

  it('is in the release as it was signed', async () => {
    const made = await release();
    const script = await (await get(`/releases/${namesOf(made).at(-1)}`)).text();
    expect(script).toBe(await readFile(join(directory, 'sources', 'installer'), 'utf8'));
  });
});
