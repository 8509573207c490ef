import type { Server } from 'node:http';
import type { RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import { ProxyAddresses } from '../../kernel/client-address.js';
import type { Logger } from '../../kernel/log.js';
import { documentRules } from '../../transport/document-rules.js';
import { createExplorer } from '../../transport/explorer.js';
import { createGraphqlHttp } from '../../transport/graphql-http.js';
import { createGraphqlSocket } from '../../transport/graphql-socket.js';
import { createHealthRoutes, type HealthRoutesParts } from '../../transport/health-routes.js';
import { createHttpServer } from '../../transport/http-server.js';
import { AllowedOrigins } from '../../transport/origins.js';
import type { JoinedFeatures } from './join-features.js';
import { buildUserSchema } from './schemas.js';
import { VERSION } from './version.js';

/** How this replica is reached. */
export interface ServingOptions {
  log: Logger;
  /** Public origins, the first being the address people are told: `https://host:port` without a path. */
  publicOrigins: readonly [string, ...string[]];
  /** Further web origins that may use the API from a browser. */
  allowedOrigins?: readonly string[];
  /** Reverse proxies that are believed whom they ask for, see `ProxyAddresses`. */
  trustedProxies?: readonly string[];
  tls?: { cert: string | Buffer; key: string | Buffer } | null;
  /** Serve a page to try the API with. */
  explorer?: boolean;
  /** Opens `/metrics` to whoever shows it, see `createHealthRoutes`. */
  figuresToken?: string | null;
  fallback: RequestHandler;
}

/** What is served, and what decides who may be. */
interface Served extends Pick<JoinedFeatures, 'features' | 'agents' | 'rateLimits' | 'sockets'> {
  isTrustworthy: () => boolean;
  health: Pick<HealthRoutesParts, 'readiness' | 'figures'>;
}

/** The one server for people, programs and agents, not yet listening. */
export async function serve(
  options: ServingOptions,
  { features, agents, rateLimits, sockets, isTrustworthy, health }: Served,
): Promise<{ schema: GraphQLSchema; server: Server; close: () => Promise<void> }> {
  const { log } = options;
  const [publicOrigin, ...otherOrigins] = options.publicOrigins;
  const schema = await buildUserSchema(features.resolvers);
  const rules = documentRules({ introspection: true });
  const transport = {
    schema,
    rules,
    authenticator: features.people.authenticator,
    rateLimits,
    log,
    secureCookies: publicOrigin.startsWith('https:'),
  };
  const graphqlHttp = await createGraphqlHttp({ ...transport, isTrustworthy });
  const server = createHttpServer({
    graphqlHttp: graphqlHttp.handler,
    graphqlSocket: createGraphqlSocket({ ...transport, sockets, isTrustworthy }),
    agentEntrances: features.enrolment.entrances,
    releases: features.releases.router,
    agentGateway: agents.gateway,
    explorer: options.explorer ? await createExplorer() : null,
    fallback: options.fallback,
    healthRoutes: createHealthRoutes({
      health: () => ({ status: isTrustworthy() ? 'ok' : 'degraded', version: VERSION }),
      ...health,
      figuresToken: options.figuresToken ?? null,
      reach: { publicOrigin, trustedProxies: options.trustedProxies ?? [] },
    }),
    origins: new AllowedOrigins(publicOrigin, [...otherOrigins, ...(options.allowedOrigins ?? [])]),
    trustedProxies: new ProxyAddresses(options.trustedProxies ?? []),
    sockets,
    log,
    tls: options.tls ?? null,
  });
  return {
    schema,
    server,
    close: async () => {
      await closeServer(server);
      await graphqlHttp.stop();
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), 3000);
  await closed;
  clearTimeout(cut);
}
