import { randomUUID } from 'node:crypto';
import { createAgentsFeature } from '../../features/agents/index.js';
import { RecentAnchors } from '../../features/audit/index.js';
import type { Sweeps } from '../../jobs/index.js';
import { LiveSockets } from '../../kernel/live-sockets.js';
import type { Logger } from '../../kernel/log.js';
import { RateLimits } from '../../kernel/rate-limits.js';
import type { RedisPlace } from '../../kernel/redis-event-bus.js';
import { Revocations } from '../../kernel/revocations.js';
import type { TlsPins } from '../../kernel/tls-certificate.js';
import { releasesOf } from '../installation/agent-release.js';
import type { InstallationKeys } from '../installation/installation.js';
import { createFeatures, type Features } from './features.js';
import { openEventBus, type OpenEventBus } from './open-event-bus.js';
import { openStores, type Stores, type StoresOptions } from './stores.js';

export interface JoinOptions extends StoresOptions {
  log: Logger;
  /** Public origins, the first being the address people are told: `https://host:port` without a path. */
  publicOrigins: readonly [string, ...string[]];
  /** Where other replicas are woken; null where there are none. */
  redis: RedisPlace | null;
  keys: InstallationKeys;
  /** Of a certificate that no public authority signed; install lines pin it. */
  tlsPins?: TlsPins | null;
  rateLimits?: RateLimits;
}

export type AgentsFeature = Awaited<ReturnType<typeof createAgentsFeature>>;

/** All features with what they stand on. Nobody reaches them, and nothing polls. */
export interface JoinedFeatures {
  features: Features;
  agents: AgentsFeature;
  stores: Stores;
  events: OpenEventBus;
  revocations: Revocations;
  sockets: LiveSockets;
  rateLimits: RateLimits;
  /** What has to be done over and over; jobs trigger it. */
  sweeps: Sweeps;
  /** Closes pools. */
  close(): Promise<void>;
}

/** Joins kernel and features: enough for jobs, and what `createControlPlane` serves. */
export async function joinFeatures(options: JoinOptions): Promise<JoinedFeatures> {
  const { log, keys, rateLimits = new RateLimits() } = options;
  const events = openEventBus(options.redis, log);
  const { bus } = events;
  const stores = await openStores(options, bus);
  const { database, signer, anchors } = stores;
  const recentAnchors = new RecentAnchors(anchors);
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
  const agents = await createAgentsFeature({
    database,
    bus,
    log,
    sockets,
    rateLimits,
    controlPlane: {
      identityKey: keys.controlPlane,
      audiences: options.publicOrigins,
      keyset: () => enrolment.keysets.latest(),
      keysetVersion: (tx) => enrolment.keysets.latestVersion(tx),
      latestAnchor: (workspaceId) => recentAnchors.latest(workspaceId),
    },
    deliveries: commands.deliveries,
    standing: commands.standing,
    reports: commands.reports,
    telemetry: metrics.ingest,
    hosts: features.servers.facts,
    replicaId: randomUUID(),
    isTrustworthy: () => revocations.isTrustworthy,
  });
  return {
    features,
    agents,
    stores,
    events,
    revocations,
    sockets,
    rateLimits,
    sweeps: sweepsOf(features, agents),
    close: async () => {
      await stores.close();
      events.close();
    },
  };
}

function sweepsOf({ commands, audit }: Features, agents: AgentsFeature): Sweeps {
  return {
    commands: (now) => commands.sweep.run(now),
    runs: () => commands.advancer.advanceAll(),
    agents: (now) => agents.keeper.sweepSilent(now),
    anchors: () => audit.anchors.extend(),
  };
}
