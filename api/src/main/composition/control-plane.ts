import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createAgentsFeature } from '../../features/agents/index.js';
import type { AnchorStore } from '../../features/audit/index.js';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { LiveSockets } from '../../kernel/live-sockets.js';
import { RateLimits } from '../../kernel/rate-limits.js';
import type { RedisPlace } from '../../kernel/redis-event-bus.js';
import { Revocations } from '../../kernel/revocations.js';
import type { TlsPins } from '../../kernel/tls-certificate.js';
import type { Sweeps } from '../../jobs/index.js';
import type { Signer } from '../../signer/index.js';
import { releasesOf } from '../installation/agent-release.js';
import { createFeatures, type Features } from './features.js';
import type { InstallationKeys } from '../installation/installation.js';
import { openEventBus } from './open-event-bus.js';
import type { SignerPlace } from './open-signer.js';
import { Figures } from '../operation/figures.js';
import { writePrometheusText } from '../operation/prometheus-text.js';
import { judgeReadiness } from '../operation/readiness.js';
import { sharedAnswer } from '../operation/shared-answer.js';
import { serve, type ServingOptions } from './serving.js';
import { openStores, type DatabaseUrls } from './stores.js';

export interface ControlPlaneOptions extends ServingOptions {
  stateDir: string;
  urls: DatabaseUrls;
  signer: SignerPlace;
  /** Where other replicas are woken; null where there are none. */
  redis: RedisPlace | null;
  keys: InstallationKeys;
  /** Of a certificate that no public authority signed; install lines pin it. */
  tlsPins?: TlsPins | null;
  rateLimits?: RateLimits;
}

/** Everything one replica of the control plane consists of, joined but not yet listening. */
export interface ControlPlane {
  server: Server;
  schema: GraphQLSchema;
  agentSchema: GraphQLSchema;
  features: Features;
  /** What has to be done over and over; jobs trigger it. */
  sweeps: Sweeps;
  parts: { database: Database; bus: EventBus; signer: Signer; anchors: AnchorStore };
  /** Starts polling and keeping; call before listening. */
  start(): Promise<void>;
  /** Closes sockets and pools. */
  stop(): Promise<void>;
}

/** Joins kernel, features and transports. The one place that knows them all. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { log, keys } = options;
  const events = openEventBus(options.redis, log);
  const { bus } = events;
  const stores = await openStores(options, bus);
  const { database, signer, anchors } = stores;
  const rateLimits = options.rateLimits ?? new RateLimits();
  const revocations = new Revocations({ database, bus, log });
  const sockets = new LiveSockets(revocations);
  const features = createFeatures({
    database,
    bus,
    log,
    rateLimits,
    sealing: keys.sealing,
    signer,
    writer: stores.telemetry,
    anchors,
    identityKey: keys.controlPlane,
    publicOrigin: options.publicOrigins[0],
    rootFingerprint: keys.rootFingerprint,
    ...options.tlsPins,
    releases: releasesOf(options.stateDir, keys.rootFingerprint),
  });
  const { enrolment, commands, metrics } = features;
  const isTrustworthy = () => revocations.isTrustworthy;
  const agents = await createAgentsFeature({
    database,
    bus,
    log,
    sockets,
    face: {
      identityKey: keys.controlPlane,
      audiences: options.publicOrigins,
      keyset: () => enrolment.keysets.latest(),
      latestAnchor: (workspaceId) => anchors.latest(workspaceId),
    },
    deliveries: commands.deliveries,
    standing: commands.standing,
    reports: commands.reports,
    telemetry: metrics.ingest,
    hosts: features.servers.facts,
    replicaId: randomUUID(),
    isTrustworthy,
  });

  const readiness = sharedAnswer(() =>
    judgeReadiness({ database, signer, isTrustworthy, isRedisConnected: events.isConnected }),
  );
  const figures = new Figures({ database, pool: stores.pool, sockets, readiness });
  const operation = { readiness, figures: sharedAnswer(async () => writePrometheusText(await figures.read())) };
  const served = await serve(options, { features, agents, rateLimits, sockets, isTrustworthy, operation });
  return {
    server: served.server,
    schema: served.schema,
    agentSchema: agents.schema,
    features,
    sweeps: {
      commands: (now) => commands.sweep.run(now),
      runs: () => commands.advancer.advanceAll(),
      agents: (now) => agents.keeper.sweepSilent(now),
      anchors: () => features.audit.anchors.extend(),
    },
    parts: { database, bus, signer, anchors },
    start: async () => {
      await revocations.start();
      agents.keeper.start();
      figures.start();
    },
    stop: async () => {
      agents.gateway.stop();
      sockets.closeAll('SHUTTING_DOWN');
      await served.close();
      agents.keeper.stop();
      revocations.stop();
      figures.stop();
      await stores.close();
      events.close();
    },
  };
}
