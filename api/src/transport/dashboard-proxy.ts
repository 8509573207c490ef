import {
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';

export interface DashboardProxyOptions {
  /** Where the dashboard's process listens. Default: this machine. */
  host?: string;
  /** Null where none is run beside this api. */
  port: number | null;
  /** How long the dashboard may keep silent before or within an answer. Default: 30 s. */
  silenceTimeoutMs?: number;
}

/** Names of cookies that carry a person's session, with or without the prefix that TLS adds. */
const OUR_COOKIE = /^(__Host-|__Secure-)?pilothouse/i;

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Where a message ends and whom it is for is so for every hop, also where `Connection` names it. */
const NEVER_A_HOP = new Set(['content-length', 'host']);

/** What a client may not tell the dashboard: its credentials, who it is for, and Next's own signs between its parts. */
const WITHHELD = /^(authorization$|cookie$|forwarded$|x-forwarded-|x-real-ip$|x-middleware-)/;

/**
 * Passes requests on to the dashboard's process and its answers back, as streams in both directions.
 *
 * The dashboard never sees a session, a token or an API key, and cannot set our session's cookie: it is a supplier of
 * pages and holds no authority. Where it is down, the answer is a page that says so.
 */
export function createDashboardProxy({
  host = '127.0.0.1',
  port,
  silenceTimeoutMs = 30_000,
}: DashboardProxyOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (port === null) return sayUnavailable(response);
    const upstream = httpRequest({
      host,
      port,
      // One connection each: on loopback it costs nothing, and no request meets one that is just being closed.
      agent: false,
      method: request.method,
      path: request.url,
      headers: toDashboard(request),
      timeout: silenceTimeoutMs,
    });
    upstream.on('timeout', () => upstream.destroy(new Error('The dashboard is silent')));
    upstream.on('error', () => giveUp(response));
    upstream.on('response', (answer) => passBack(answer, response));
    response.on('close', () => upstream.destroy());
    sendBody(request, upstream);
  };
}

function toDashboard(request: IncomingMessage): OutgoingHttpHeaders {
  const headers = withoutHops(request.headers, (name) => WITHHELD.test(name));
  const cookies = (request.headers.cookie ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && !OUR_COOKIE.test(cookie));
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
  // The body stays framed as it came, whatever the method: otherwise its bytes could be read as a second request.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  if (request.headers.host !== undefined) headers['x-forwarded-host'] = request.headers.host;
  headers['x-forwarded-proto'] = 'encrypted' in request.socket ? 'https' : 'http';
  return headers;
}

function sendBody(request: IncomingMessage, upstream: ClientRequest): void {
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding === undefined && length === undefined) upstream.end();
  else pipeline(request, upstream, () => undefined); // a failure shows as an error of `upstream` or the end of `response`
}

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  const headers = withoutHops(answer.headers, (name) => name === 'set-cookie');
  const cookies = (answer.headers['set-cookie'] ?? []).filter((cookie) => !OUR_COOKIE.test(cookie.trimStart()));
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  response.writeHead(answer.statusCode ?? 502, headers);
  pipeline(answer, response, () => undefined); // both ends are destroyed: the client sees an answer that is cut short
}

function withoutHops(headers: IncomingHttpHeaders, isWithheld: (name: string) => boolean): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const isHop = (name: string) => HOP_BY_HOP.has(name) || (named.has(name) && !NEVER_A_HOP.has(name));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isHop(name) && !isWithheld(name)));
}

function giveUp(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else sayUnavailable(response);
}

const UNAVAILABLE_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="5">
    <title>Pilothouse</title>
  </head>
  <body>
    <h1>The dashboard is not running</h1>
    <p>The API works: agents stay connected, and the command line does too. This page tries again every 5 seconds.</p>
    <p>If it stays away, the reason is in <code>logs/dashboard.log</code> in the state directory of Pilothouse.</p>
  </body>
</html>
`;

function sayUnavailable(response: ServerResponse): void {
  response.writeHead(503, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(UNAVAILABLE_PAGE),
    'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'retry-after': '5',
  });
  response.end(UNAVAILABLE_PAGE);
}
