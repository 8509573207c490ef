import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Presented } from '../kernel/authenticator.js';
import { clientAddressOf } from '../kernel/client-address.js';

/** Name of the session cookie. `__Host-` binds it to the origin, where TLS makes that possible. */
export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-pilothouse' : 'pilothouse';
}

/** The cookie that carries a session token, or that ends it with an empty token. */
export function sessionCookie(
  token: string,
  { secure, maxAgeSeconds }: { secure: boolean; maxAgeSeconds: number },
): string {
  const attributes = [
    `${sessionCookieName(secure)}=${token}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${maxAgeSeconds}`,
  ];
  return [...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}

/** Reads what a request shows of its sender: `Authorization: Bearer` before the cookie. */
export function presentedBy(request: IncomingMessage, { secure }: { secure: boolean }): Presented {
  const workspace = request.headers['pilothouse-workspace'];
  return {
    credential:
      bearerToken(request.headers.authorization) ?? cookieValue(request.headers.cookie, sessionCookieName(secure)),
    workspaceId: typeof workspace === 'string' ? workspace : null,
    address: clientAddressOf(request),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 200),
    requestId: randomUUID(),
  };
}

function bearerToken(header: string | undefined): string | null {
  const match = /^Bearer ([A-Za-z0-9_~+/.-]{1,512})$/.exec(header ?? '');
  return match?.[1] ?? null;
}

function cookieValue(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? '').split(';')) {
    const separator = pair.indexOf('=');
    if (separator > 0 && pair.slice(0, separator).trim() === name) return pair.slice(separator + 1).trim() || null;
  }
  return null;
}
