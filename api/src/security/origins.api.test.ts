import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../testing/index.js';
import { RawSocket } from './testing/raw-socket.js';

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await TestApi.start();
  ({ token } = await api.setUp());
});
afterAll(() => api.stop());

/** Origins that are almost the api's own. */
const TRICKY: Readonly<Record<string, (own: URL) => string>> = {
  'another site': () => 'https://evil.example',
  'the literal null of sandboxed pages': () => 'null',
  'an empty one': () => '',
  'a longer host that begins like ours': (own) => `${own.origin}.evil.example`,
  'a subdomain of ours': (own) => `http://a.${own.host}`,
  'our address as user name of another': (own) => `${own.origin}@evil.example`,
  'another port': (own) => `http://${own.hostname}:${Number(own.port) + 1}`,
  'another scheme': (own) => `https://${own.host}`,
  'our origin with a path': (own) => `${own.origin}/`,
  'another name of this host': (own) => `http://localhost:${own.port}`,
  'capitals in the scheme': (own) => own.origin.replace('http', 'HTTP'),
  'two origins': (own) => `${own.origin}, https://evil.example`,
  'ours followed by a tab and more': (own) => `${own.origin}\thttps://evil.example`,
};

describe.each(Object.entries(TRICKY))('the origin of %s', (_what, make) => {
  const headers = () => ({ origin: make(new URL(api.origin)) });

  test.each(['/graphql', '/graphql?a=b', '/agent', '/agent?a=b'])('opens no socket on %s', async (path) => {
    const socket = new RawSocket(api.origin, { path, headers: headers() });
    expect(await socket.answer()).toBe(403);
  });

  test('gets no answer to a POST or GET of /graphql', async () => {
    const { status, code, data, message } = await api.ask('{ workspace { id } }', { token, headers: headers() });
    expect({ status, code, data }).toEqual({ status: 403, code: 'FORBIDDEN', data: undefined });
    expect(message).toBe(`Pages of this address may not use the API. Open ${api.origin} instead.`);
    const query = new URLSearchParams({ query: '{ setup { completed } }' });
    const got = await fetch(`${api.origin}/graphql?${query}`, {
      headers: { ...headers(), 'apollo-require-preflight': '1' },
    });
    expect(got.status).toBe(403);
  });

  test('gets nothing from the entrances of agents', async () => {
    const response = await fetch(`${api.origin}/agent/keyset`, { headers: headers() });
    expect(response.status).toBe(403);
  });
});

describe('the api’s own origin', () => {
  test('opens a socket and is answered', async () => {
    const socket = new RawSocket(api.origin, { headers: { origin: api.origin } });
    await socket.init({ token });
    const id = socket.subscribe({ query: '{ workspace { name } }' });
    expect((await socket.firstOf(id)).payload.data.workspace.name).toBe('Home');
    await socket.end();
    expect((await api.ask('{ workspace { name } }', { token, headers: { origin: api.origin } })).status).toBe(200);
  });

  test('is refused where agents connect, like any other', async () => {
    const socket = new RawSocket(api.origin, { path: '/agent', headers: { origin: api.origin } });
    expect(await socket.answer()).toBe(403);
  });

  test('is not taken from Host or X-Forwarded headers', async () => {
    const origin = 'http://evil.example';
    const forged = {
      origin,
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    };
    expect(await new RawSocket(api.origin, { headers: forged }).answer()).toBe(403);
    expect((await api.ask('{ setup { completed } }', { headers: forged })).status).toBe(403);
  });
});

test('a program, which shows no origin, is served', async () => {
  const socket = await RawSocket.connected(api.origin, { token });
  await socket.end();
  const agent = new RawSocket(api.origin, { path: '/agent' });
  expect(await agent.answer()).toBe('open');
  await agent.end();
});

test.each(['/', '/graphql/', '/graphqlx', '/agent/', '/agent/keyset', '/healthz', '//graphql', '/%67raphql'])(
  'there is no socket on %s',
  async (path) => {
    expect(await new RawSocket(api.origin, { path }).answer()).toBe(404);
  },
);

test('no page of another origin is allowed to read answers', async () => {
  for (const method of ['OPTIONS', 'POST']) {
    const response = await fetch(`${api.origin}/graphql`, {
      method,
      headers: {
        origin: 'https://evil.example',
        'content-type': 'application/json',
        'access-control-request-method': 'POST',
      },
      ...(method === 'POST' && { body: '{}' }),
    });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(response.status).toBe(403);
  }
});
