import { API_LIMITS } from '@pilothouse/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../testing/index.js';
import { seedMember } from '../security/testing/callers.js';
import { presentedBy, sessionCookie, sessionCookieName } from './credentials.js';

let api: TestApi;
let token: string;
let workspaceId: string;
beforeAll(async () => {
  api = await TestApi.start();
  ({ token, workspaceId } = await api.setUp());
});
afterAll(() => api.stop());

const PROBE = '{ workspace { id } }';
const url = (query: string, more: Record<string, string> = {}) =>
  `${api.origin}/graphql?${new URLSearchParams({ query, ...more })}`;
const preflighted = { 'apollo-require-preflight': '1' };
const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${api.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body,
  });

describe('a request that any page could send', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=%7Bsetup%7Bcompleted%7D%7D'],
    ['an upload', 'multipart/form-data; boundary=x', '--x--'],
    ['plain text', 'text/plain', '{"query":"{ setup { completed } }"}'],
    ['no type at all', '', '{"query":"{ setup { completed } }"}'],
  ])('as %s is refused', async (_what, type, body) => {
    const response = await fetch(`${api.origin}/graphql`, {
      method: 'POST',
      headers: { cookie: `pilothouse=${token}`, ...(type && { 'content-type': type }) },
      body: type ? body : Buffer.from(body),
    });
    expect([400, 415]).toContain(response.status);
    expect(await response.text()).not.toContain('completed":');
  });

  test('as a link is refused without a header that pages cannot set', async () => {
    const cookie = { cookie: `pilothouse=${token}` };
    expect((await fetch(url('{ setup { completed } }'), { headers: cookie })).status).toBe(400);
    expect((await fetch(url('{ setup { completed } }'), { headers: { ...cookie, ...preflighted } })).status).toBe(200);
  });
});

test('a GET changes nothing', async () => {
  const query = 'mutation { renameWorkspace(input: { name: "by GET" }) { __typename } }';
  const response = await fetch(url(query), { headers: { ...preflighted, authorization: `Bearer ${token}` } });
  expect(response.status).toBe(405);
  expect(await api.sql('select name from workspaces')).toEqual([{ name: 'Home' }]);
});

test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not a way to ask', async (method) => {
  const response = await fetch(`${api.origin}/graphql`, {
    method,
    headers: { 'content-type': 'application/json', ...preflighted },
    ...(method !== 'OPTIONS' && { body: JSON.stringify({ query: PROBE }) }),
  });
  expect(response.status).toBe(405);
});

describe('a body', () => {
  const of = (bytes: number) => {
    const body = (padding: string) => JSON.stringify({ query: PROBE, padding });
    return body('x'.repeat(bytes - body('').length));
  };

  test('may have 1 MiB and not a byte more', async () => {
    expect((await post(of(API_LIMITS.maxRequestBytes))).status).toBe(200);
    const response = await post(of(API_LIMITS.maxRequestBytes + 1));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      errors: [{ message: 'A request may have at most 1048576 bytes.', extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  test.each([
    ['no JSON', '{'],
    ['a number', '1'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['variables in a text', `{"query":"${PROBE}","variables":"{}"}`],
    ['variables in a list', `{"query":"${PROBE}","variables":[1]}`],
    ['a document that is no text', '{"query":{"kind":"Document"}}'],
    ['a persisted query', '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}'],
    ['an unknown persisted query version', '{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"x"}}}'],
  ])('of %s is refused with a code and a sentence, and is no error of ours', async (_what, body) => {
    const before = api.logged.length;
    const response = await post(body);
    expect([200, 400]).toContain(response.status);
    const { data, errors } = (await response.json()) as {
      data?: unknown;
      errors: { message: string; extensions: { code: string } }[];
    };
    expect(data).toBeUndefined();
    expect(errors[0]!.extensions.code).not.toBe('INTERNAL');
    expect(errors[0]!.message.length).toBeGreaterThan(10);
    expect(JSON.stringify(errors)).not.toMatch(/node_modules|at \w+ \(/);
    expect(api.logged.slice(before).filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  });
});

test('what is said of a request by X-Forwarded headers or Host decides nothing', async () => {
  const { userId } = await seedMember(api, workspaceId, 'VIEWER');
  const forged = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'for=203.0.113.9',
    'x-real-ip': '203.0.113.9',
    host: 'evil.example',
  };
  const input = { email: `${userId}@example.test`, password: 'not the password', client: 'CLI' };
  await api.ask('mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }', {
    variables: { input },
    headers: forged,
  });
  const [entry] = await api.sql<{ detail: string }>('select detail from audit_entries order by time desc limit 1');
  expect(entry!.detail).toMatch(/127\.0\.0\.1/);
  expect(entry!.detail).not.toMatch(/203\.0\.113|evil/);
  const limited = await TestApi.start({ replicaOf: api, limits: { address: { points: 1, seconds: 60 } } });
  const ask = (ip: string) => limited.ask('{ setup { completed } }', { headers: { 'x-forwarded-for': ip } });
  expect((await ask('203.0.113.1')).code).toBeUndefined();
  const second = await ask('203.0.113.2');
  expect([second.status, second.code]).toEqual([429, 'RATE_LIMITED']);
  await limited.stop();
});

test('behind a trusted proxy, limits count whom it asks for, and the audit names them', async () => {
  const behind = await TestApi.start({
    replicaOf: api,
    trustedProxies: ['127.0.0.1'],
    limits: { address: { points: 1, seconds: 60 } },
  });
  const headers = (client: string) => ({ 'x-forwarded-for': `203.0.113.66, ${client}` });
  const ask = (client: string) => behind.ask('{ setup { completed } }', { headers: headers(client) });
  expect([await ask('198.51.100.1'), await ask('198.51.100.2')].map(({ code }) => code)).toEqual([
    undefined,
    undefined,
  ]);
  expect((await ask('198.51.100.1')).code).toBe('RATE_LIMITED');
  const input = { email: 'nobody@example.test', password: 'not the password', client: 'CLI' };
  await behind.ask('mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }', {
    variables: { input },
    headers: headers('198.51.100.3'),
  });
  const [entry] = await api.sql<{ detail: string }>('select detail from audit_entries order by time desc limit 1');
  expect(entry!.detail).toMatch(/198\.51\.100\.3/);
  expect(entry!.detail).not.toMatch(/203\.0\.113|127\.0\.0\.1/);
  await behind.stop();
});

test.each(['/healthz', '/graphql', '/nowhere', '/agent/keyset'])(
  'answers of %s carry the headers that keep browsers careful',
  async (path) => {
    const { headers } = await fetch(`${api.origin}${path}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-powered-by')).toBeNull();
  },
);

describe('a session cookie', () => {
  test('under TLS is bound to its host, hidden from scripts and other sites', () => {
    expect(sessionCookie('token', { secure: true, maxAgeSeconds: 60 })).toBe(
      '__Host-pilothouse=token; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure',
    );
    expect(sessionCookie('token', { secure: false, maxAgeSeconds: 60 })).toBe(
      'pilothouse=token; Path=/; HttpOnly; SameSite=Strict; Max-Age=60',
    );
  });

  test.each([
    ['the name without its prefix, under TLS', 'pilothouse=planted', true, null],
    ['the name with the prefix, without TLS', '__Host-pilothouse=planted', false, null],
    ['the name among others', 'a=b; __Host-pilothouse=ours; c=d', true, 'ours'],
    ['a name that ends like it', 'x__Host-pilothouse=planted', true, null],
    ['no value', '__Host-pilothouse=', true, null],
  ])('of %s', (_what, cookie, secure, credential) => {
    const request = { headers: { cookie }, socket: { remoteAddress: '192.0.2.1' } };
    expect(presentedBy(request as never, { secure }).credential).toBe(credential);
    expect(sessionCookieName(secure)).toBe(secure ? '__Host-pilothouse' : 'pilothouse');
  });
});
