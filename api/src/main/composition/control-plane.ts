import type { Server } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { AnchorStore } from '../../features/audit/index.js';
import type { Sweeps } from '../../jobs/index.js';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Signer } from '../../signer/index.js';
import { Figures } from '../health/figures.js';
import { writePrometheusText } from '../health/prometheus-text.js';
import { judgeReadiness } from '../health/readiness.js';
import { sharedAnswer } from '../health/shared-answer.js';
import type { Features } from './features.js';
import { joinFeatures, type JoinOptions } from './join-features.js';
import { serve, type ServingOptions } from './serving.js';

export type ControlPlaneOptions = JoinOptions & ServingOptions;

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
  const joined = await joinFeatures(options);
  const { features, agents, stores, events, revocations, sockets } = joined;
  const { database, signer, anchors } = stores;
  const isTrustworthy = () => revocations.isTrustworthy;
  const readiness = sharedAnswer(() =>
    judgeReadiness({ database, signer, isTrustworthy, isRedisConnected: events.isConnected }),
  );
  const figures = new Figures({ database, pool: stores.pool, sockets, readiness });
  const health = { readiness, figures: sharedAnswer(async () => writePrometheusText(await figures.read())) };
  const served = await serve(options, { ...joined, isTrustworthy, health });
  return {
    server: served.server,
    schema: served.schema,
    agentSchema: agents.schema,
    features,
    sweeps: joined.sweeps,
    parts: { database, bus: events.bus, signer, anchors },
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
      await joined.close();
    },
  };
}
