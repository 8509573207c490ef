import { EventEmitter, once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDashboardProxy } from './dashboard-proxy.js';

/** Far more than all buffers on the way hold together. */
const TOO_MUCH_BYTES = 64 * 2 ** 20;

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

async function listen(listener: Listener): Promise<number> {
  const server = createServer((request, response) => void listener(request, response)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The proxy before a dashboard that answers as told; returns the proxy's origin. */
async function proxied(dashboard: Listener, silenceTimeoutMs?: number): Promise<URL> {
  const port = await listen(dashboard);
  return new URL(`http://127.0.0.1:${await listen(createDashboardProxy({ port, silenceTimeoutMs }))}`);
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test('passes on method, path, query, body, status and headers', async () => {
  const origin = await proxied(async (request, response) => {
    const heard = `${request.method} ${request.url} ${await bodyOf(request)}`;
    response.writeHead(201, { 'content-type': 'text/plain', 'set-cookie': ['theme=dark', 'lang=en'] }).end(heard);
  });
  const response = await fetch(new URL('/a%20b?c=d&e', origin), { method: 'POST', body: 'hello' });
  expect(response.status).toBe(201);
  expect(response.headers.get('content-type')).toBe('text/plain');
  expect(response.headers.getSetCookie()).toEqual(['theme=dark', 'lang=en']);
  expect(await response.text()).toBe('POST /a%20b?c=d&e hello');
});

test('keeps sessions, tokens and forged signs from the dashboard, and tells it who was asked', async () => {
  const origin = await proxied((request, response) => response.end(JSON.stringify(request.headers)));
  const response = await fetch(origin, {
    headers: {
      authorization: 'Bearer phk_secret',
      cookie: 'theme=dark; pilothouse=secret; __Host-pilothouse=secret;lang=en',
      forwarded: 'host=evil',
      'x-forwarded-host': 'evil',
      'x-forwarded-for': '10.0.0.1',
      'x-middleware-subrequest': 'src/proxy',
      'proxy-authorization': 'Basic secret',
    },
  });
  const heard = (await response.json()) as Record<string, string>;
  expect(JSON.stringify(heard)).not.toMatch(/secret|evil|10\.0\.0\.1|middleware/);
  expect(heard).toMatchObject({
    host: origin.host,
    cookie: 'theme=dark; lang=en',
    'x-forwarded-host': origin.host,
    'x-forwarded-proto': 'http',
  });
});

test('sends no cookie header when all cookies were ours', async () => {
  const origin = await proxied((request, response) => response.end(String('cookie' in request.headers)));
  expect(await (await fetch(origin, { headers: { cookie: 'pilothouse=secret' } })).text()).toBe('false');
});

test('does not let the dashboard set our session’s cookie', async () => {
  const cookies = ['pilothouse=planted; Path=/', 'theme=dark', '__Host-pilothouse=planted; Secure; Path=/'];
  const origin = await proxied((_request, response) => response.writeHead(200, { 'set-cookie': cookies }).end());
  expect((await fetch(origin)).headers.getSetCookie()).toEqual(['theme=dark']);
});

test('drops hop-by-hop headers both ways, and those that Connection names', async () => {
  const origin = await proxied((request, response) => {
    response.setHeader('connection', 'close, x-named');
    response.setHeader('x-named', '1');
    response.setHeader('keep-alive', 'timeout=9');
    response.setHeader('x-heard', Object.keys(request.headers).sort().join(' '));
    response.end();
  });
  const request = httpRequest(origin, {
    headers: { connection: 'x-mine', 'x-mine': '1', te: 'trailers', 'x-kept': '1' },
  });
  const [response] = (await once(request.end(), 'response')) as [IncomingMessage];
  response.resume();
  expect(response.headers['x-heard']).toBe('connection host x-forwarded-host x-forwarded-proto x-kept');
  expect(response.headers['x-named']).toBeUndefined();
  expect(response.headers['keep-alive']).not.toBe('timeout=9');
});

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

test.each([
  [
    'a chunked GET',
    'GET',
    'Transfer-Encoding: chunked\r\nConnection: close',
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
  ...['GET', 'DELETE', 'OPTIONS', 'POST'].map((method) => [
    `a ${method} whose Connection names its length`,
    method,
    `Content-Length: ${SMUGGLED.length}\r\nConnection: close, Content-Length`,
    SMUGGLED,
  ]),
  [
    'a chunked DELETE whose Connection names that',
    'DELETE',
    'Transfer-Encoding: chunked\r\nConnection: close, transfer-encoding',
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
])('keeps the body of %s a body, so that it cannot pass for a second request', async (_what, method, headers, body) => {
  const heard: string[] = [];
  const origin = await proxied(async (request, response) => {
    heard.push(`${request.method} ${request.url} ${await bodyOf(request)}`);
    response.end();
  });
  const socket = connect(Number(origin.port), '127.0.0.1');
  socket.end(`${method} /first HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`);
  socket.resume();
  await once(socket, 'close');
  expect(heard).toEqual([`${method} /first ${SMUGGLED}`]);
});

test('tells the dashboard the length and the host also where Connection names them', async () => {
  const origin = await proxied((request, response) => response.end(JSON.stringify(request.headers)));
  const request = httpRequest(origin, {
    method: 'POST',
    headers: { connection: 'close, content-length, HOST', 'content-length': '5', host: 'pilot.example.org' },
  });
  const [response] = (await once(request.end('hello'), 'response')) as [IncomingMessage];
  expect(JSON.parse(await bodyOf(response))).toMatchObject({ 'content-length': '5', host: 'pilot.example.org' });
});

test('passes on the length of an answer also where its Connection names it', async () => {
  const origin = await proxied((_request, response) => {
    response.writeHead(200, { connection: 'close, content-length', 'content-length': '5' }).end('hello');
  });
  const [response] = (await once(httpRequest(origin).end(), 'response')) as [IncomingMessage];
  response.resume();
  expect(response.headers['content-length']).toBe('5');
});

test('asks the dashboard for no more than a slow client takes', async () => {
  const askedBytes = new Map<string, number>();
  const chunk = Buffer.alloc(64 * 1024);
  const origin = await proxied((request, response) => {
    const path = request.url ?? '';
    let writtenBytes = 0;
    const write = () => {
      do {
        writtenBytes += chunk.length;
        askedBytes.set(path, writtenBytes);
      } while (response.write(chunk) && writtenBytes < TOO_MUCH_BYTES);
      if (writtenBytes >= TOO_MUCH_BYTES) response.off('drain', write).end();
    };
    response.on('drain', write);
    write();
  });
  const request = httpRequest(new URL('/slow', origin)).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.pause();
  const quick = await fetch(new URL('/quick', origin));
  expect((await quick.arrayBuffer()).byteLength).toBe(TOO_MUCH_BYTES);
  // In the time in which another client has taken all of it.
  expect(askedBytes.get('/slow')).toBeLessThan(TOO_MUCH_BYTES);
  request.destroy();
});

test('ends its request to the dashboard when the client goes away', async () => {
  const dashboard = new EventEmitter();
  const origin = await proxied((_request, response) => {
    response.on('close', () => dashboard.emit('closed'));
    dashboard.emit('asked');
  });
  const [asked, closed] = [once(dashboard, 'asked'), once(dashboard, 'closed')];
  const request = httpRequest(origin).end();
  request.on('error', () => undefined); // it is this test that destroys it
  await asked;
  request.destroy();
  await closed;
});

test.each([
  ['refuses connections', async () => await closedPort()],
  ['is not run at all', async () => null],
])('explains itself with a page when the dashboard %s', async (_how, portOf) => {
  const port = await portOf();
  const response = await fetch(`http://127.0.0.1:${await listen(createDashboardProxy({ port }))}/`);
  expect(response.status).toBe(503);
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.text()).toContain('The dashboard is not running');
});

test('explains itself when the dashboard is silent for too long', async () => {
  const origin = await proxied(() => undefined, 50);
  expect((await fetch(origin)).status).toBe(503);
});

test('cuts an answer short where the dashboard does, instead of passing it off as whole', async () => {
  const origin = await proxied((_request, response) => {
    response.write('half');
    setImmediate(() => response.destroy());
  });
  const response = await fetch(origin);
  await expect(response.text()).rejects.toThrow('terminated');
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
