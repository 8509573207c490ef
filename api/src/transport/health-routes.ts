import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Router, type RequestHandler } from 'express';
import { isLoopback, isLoopbackHost } from '../kernel/loopback.js';

/** What whoever operates a replica asks of it. */
export interface HealthRoutesParts {
  /** Whether the process lives at all; says no more than that when it answers. */
  health: () => { status: 'ok' | 'degraded'; version: string };
  readiness: () => Promise<{ ready: boolean; parts: Readonly<Record<string, string>> }>;
  /** In Prometheus's text format. */
  figures: () => Promise<string>;
  /** Opens the figures to whoever shows it; null: to this machine only, where nothing else reaches this replica. */
  figuresToken: string | null;
  /** Who this replica is for, by its public address and the proxies before it. */
  reach: { publicOrigin: string; trustedProxies: readonly string[] };
}

/** `/healthz`: restart me when I do not answer. `/readyz`: give me work. `/metrics`: how I am. */
export function createHealthRoutes({ health, readiness, figures, ...access }: HealthRoutesParts): RequestHandler {
  const mayReadFigures = figuresReader(access);
  // A proxy that hides these paths must not be passed by another spelling.
  const routes = Router({ strict: true, caseSensitive: true });
  routes.get('/healthz', (_request, response) => void response.json(health()));
  routes.get('/readyz', async (_request, response) => {
    const { ready, parts } = await readiness();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'unready', parts });
  });
  routes.get('/metrics', async (request, response) => {
    if (!mayReadFigures(request)) return void response.status(403).type('text').send('Forbidden\n');
    response.setHeader('Cache-Control', 'no-store');
    response.type('text/plain; version=0.0.4').send(await figures());
  });
  return routes;
}

/** A reverse proxy on this machine comes from loopback too, on behalf of anybody; it says so in one of these. */
const FORWARDING = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Not every proxy says that it is one, so that its requests cannot be told from this machine's own: without a token
 * nobody reads figures of a replica that people reach by another address than loopback, or by a proxy. A page can make a
 * name of its own lead to this machine and so ask as one of it, but it cannot ask by another name than that.
 */
function figuresReader({
  figuresToken,
  reach: { publicOrigin, trustedProxies },
}: Pick<HealthRoutesParts, 'figuresToken' | 'reach'>): (request: IncomingMessage) => boolean {
  if (figuresToken !== null) return (request) => isSame(request.headers.authorization ?? '', `Bearer ${figuresToken}`);
  if (!isLoopbackHost(new URL(publicOrigin).hostname) || trustedProxies.length > 0) return () => false;
  return (request) =>
    isLoopback(request.socket.remoteAddress ?? '') &&
    isLoopbackHost((request.headers.host ?? '').toLowerCase().replace(/:\d*$/, '')) &&
    FORWARDING.every((header) => request.headers[header] === undefined);
}

function isSame(shown: string, wanted: string): boolean {
  const [one, other] = [shown, wanted].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one as Buffer, other as Buffer);
}
