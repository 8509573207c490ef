import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { RawSocket } from '../../security/testing/raw-socket.js';
import { freeze, SignerServer, unfreeze } from '../../signer/index.js';
import { eventually, TestApi, type ApiClient } from '../../testing/index.js';
import { canRunRedis, RedisServer } from '../../testing/redis-server.js';
import { readCommandKey, signerDirectory } from '../installation/installation.js';
import { openSigner } from '../composition/open-signer.js';

const log = pino({ level: 'silent' });
let api: TestApi;
afterEach(() => api.stop());

interface ReadyAnswer {
  http: number;
  status: string;
  parts: Record<string, string>;
}

async function ready({ origin }: ApiClient = api): Promise<ReadyAnswer> {
  const response = await fetch(`${origin}/readyz`);
  return { http: response.status, ...((await response.json()) as { status: string; parts: Record<string, string> }) };
}

/** Waits until a part is as expected; answers are shared for a second. */
const untilPart = (part: string, state: string) =>
  eventually(async () => {
    const answer = await ready();
    return answer.parts[part] === state ? answer : null;
  });

const figures = (headers: Record<string, string> = {}) => fetch(`${api.origin}/metrics`, { headers });

/** As a client asks that found the api by this name. @returns the status. */
async function figuresAs(host: string): Promise<number | undefined> {
  const [response] = (await once(get(`${api.origin}/metrics`, { headers: { host } }), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('/readyz and /healthz', () => {
  it('say that everything is there', async () => {
    api = await TestApi.start();
    expect(await ready()).toEqual({
      http: 200,
      status: 'ready',
      parts: { database: 'ok', migrations: 'ok', signer: 'ok', redis: 'none' },
    });
    const health = await fetch(`${api.origin}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', version: expect.any(String) }]);
  });

  it('answer to no other spelling, which a proxy in front would let pass', async () => {
    api = await TestApi.start();
    const others = ['/readyz/', '/READYZ', '/readyz/x', '/metrics/', '/Metrics'];
    const answers = await Promise.all(others.map((path) => fetch(`${api.origin}${path}`)));
    expect(answers.map(({ status }) => status)).toEqual(others.map(() => 404));
  });

  it('want no work without the last migration', async () => {
    api = await TestApi.start();
    await api.sql(`update migrations set name = 'Another' where name like 'Operation%'`);
    expect(await ready()).toMatchObject({ http: 503, status: 'unready', parts: { migrations: 'missing' } });
  });

  it('want no work while rights cannot be read, and no restart for it', async () => {
    api = await TestApi.start();
    await api.sql('revoke select on revocations from ph_app');
    expect(await untilPart('database', 'away')).toMatchObject({ http: 503, parts: { database: 'away' } });
    const health = await fetch(`${api.origin}/healthz`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'degraded' }]);
    await api.sql('grant select on revocations to ph_app');
    expect(await untilPart('database', 'ok')).toMatchObject({ http: 200 });
  });

  it('want work while signing is frozen', async () => {
    api = await TestApi.start();
    await freeze(signerDirectory(api.stateDir));
    expect(await ready()).toMatchObject({ http: 200, parts: { signer: 'frozen' } });
    await unfreeze(signerDirectory(api.stateDir));
  });

  it('want no work while the signer’s process is away, and some when it is there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-socket-'));
    const socket = join(directory, 'signer.sock');
    api = await TestApi.start({ signer: { socket } });
    expect(await ready()).toMatchObject({ http: 503, status: 'unready', parts: { signer: 'away' } });
    const key = await readCommandKey(api.stateDir);
    const place = { key, databaseUrl: api.db.signerUrl, directory: signerDirectory(api.stateDir) };
    const { signer, close } = await openSigner(place, log);
    const server = new SignerServer({ signer, log });
    await server.listen(socket);
    expect(await untilPart('signer', 'ok')).toMatchObject({ http: 200 });
    await server.close();
    await close();
    await rm(directory, { recursive: true });
  });

  it.runIf(canRunRedis())('want work also while Redis is away, and tell it [needs redis]', async () => {
    const redis = await RedisServer.start();
    api = await TestApi.start({ redisUrl: redis.url });
    expect(await untilPart('redis', 'ok')).toMatchObject({ http: 200 });
    await redis.stop();
    expect(await untilPart('redis', 'away')).toMatchObject({ http: 200, status: 'ready' });
    await redis.remove();
  });
});

describe('/metrics', () => {
  it('tells figures in Prometheus’s text format, and no name or id', async () => {
    api = await TestApi.start();
    const { token, workspaceId } = await api.setUp('somebody@example.test');
    const socket = await RawSocket.connected(api.origin, { token, workspaceId });
    const { data } = await api.ask('{ me { person { id } } }', { token });
    const response = await figures();
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) pilothouse_[a-z_]+ .+|pilothouse_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$/,
      );
    }
    for (const figure of [
      'pilothouse_ready 1',
      'pilothouse_part_ok{part="signer"} 1',
      'pilothouse_sockets{of="people"} 1',
      'pilothouse_sockets{of="agents"} 0',
      'pilothouse_agents_connected 0',
      'pilothouse_commands{state="QUEUED"} 0',
      'pilothouse_commands_ended_recently{state="FAILED"} 0',
      'pilothouse_instructions_waiting 0',
      'pilothouse_database_waiting 0',
    ]) {
      expect(text).toContain(`${figure}\n`);
    }
    for (const name of [
      'pilothouse_event_loop_lag_seconds{quantile="1"}',
      'pilothouse_memory_bytes{kind="resident"}',
    ]) {
      expect(Number(text.split(`${name} `)[1]?.split('\n')[0])).toBeGreaterThan(0);
    }
    for (const secret of ['somebody', 'Home', workspaceId, data.me.person.id, token])
      expect(text).not.toContain(secret);
    await socket.end();
  });

  it('is for this machine alone, and not for whom a proxy on it speaks', async () => {
    api = await TestApi.start();
    expect((await figures()).status).toBe(200);
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
      expect((await figures({ [header]: '127.0.0.1' })).status, header).toBe(403);
    }
    expect((await figures({ authorization: 'Bearer anything-at-all' })).status).toBe(200);
  });

  it.each([
    ['people reach it by another address', { publicOrigin: 'https://pilot.example.org' }],
    ['people reach it by an address of this machine', { publicOrigin: 'http://192.0.2.1:7700' }],
    ['a proxy on this machine is believed', { trustedProxies: ['127.0.0.1'] }],
    ['a proxy elsewhere is believed', { trustedProxies: ['192.0.2.0/24'] }],
  ])('without a token is for nobody where %s: such a proxy may not say that it is one', async (_why, reach) => {
    api = await TestApi.start(reach);
    expect((await figures()).status).toBe(403);
    expect((await fetch(`${api.origin}/readyz`)).status).toBe(200);
    await api.stop();
    const figuresToken = 'sixteen-letters!';
    api = await TestApi.start({ ...reach, figuresToken });
    expect((await figures()).status).toBe(403);
    expect((await figures({ authorization: `Bearer ${figuresToken}` })).status).toBe(200);
  });

  it.each(['http://localhost:7700', 'http://127.0.0.2:7700', 'http://[::1]:7700'])(
    'without a token is for this machine where people reach it at %s',
    async (publicOrigin) => {
      api = await TestApi.start({ publicOrigin });
      expect((await figures()).status).toBe(200);
    },
  );

  it('without a token is not for a page whose name was made to lead here', async () => {
    api = await TestApi.start();
    const { port } = new URL(api.origin);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'LOCALHOST', '127.0.0.2']) {
      expect(await figuresAs(host), host).toBe(200);
    }
    for (const host of [
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost.evil.example`,
      `127.0.0.1@evil.example:${port}`,
      `evil.example:127.0.0.1`,
      '192.0.2.1',
    ]) {
      expect(await figuresAs(host), host).toBe(403);
    }
  });

  it('with a token is for whoever shows it, and for nobody else', async () => {
    const figuresToken = 'sixteen-letters!';
    api = await TestApi.start({ figuresToken });
    expect((await figures({ authorization: `Bearer ${figuresToken}`, 'x-forwarded-for': '192.0.2.1' })).status).toBe(
      200,
    );
    for (const shown of ['', 'Bearer ', `Bearer ${figuresToken}x`, `Basic ${figuresToken}`, figuresToken]) {
      const response = await figures(shown === '' ? {} : { authorization: shown });
      expect([shown, response.status, await response.text()]).toEqual([shown, 403, 'Forbidden\n']);
    }
  });
});
