import { TelemetryWriter } from '@pilothouse/db/timeseries';
import { generateSigningKey } from '@pilothouse/protocol';
import type { GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import { describeAgentSchema } from '../../features/agents/index.js';
import { AnchorStore } from '../../features/audit/index.js';
import { ReleaseStore } from '../../features/releases/index.js';
import { enforceAuthorisation } from '../../kernel/authorisation/index.js';
import { absentDatabase, absentPool } from '../../kernel/database/index.js';
import { InProcessEventBus } from '../../kernel/event-bus.js';
import { buildResolverSchema } from '../../kernel/graphql/resolver-schema.js';
import { RateLimits } from '../../kernel/rate-limits.js';
import { SealingKey } from '../../kernel/sealing.js';
import type { Signer } from '../../signer/index.js';
import { createFeatures } from './features.js';

/** The schema of people and programs, with authorisation before every field. */
export async function buildUserSchema(resolvers: readonly object[]): Promise<GraphQLSchema> {
  return enforceAuthorisation(await buildResolverSchema(resolvers));
}

/** Both schemas as they are served, without a database: nothing connects until it is used. */
export async function describeSchemas(): Promise<{ user: GraphQLSchema; agent: GraphQLSchema }> {
  const bus = new InProcessEventBus();
  const features = createFeatures({
    database: absentDatabase(bus),
    bus,
    log: pino({ level: 'silent' }),
    rateLimits: new RateLimits(),
    sealing: new SealingKey(Buffer.alloc(32)),
    signer: NO_SIGNER,
    writer: new TelemetryWriter(absentPool()),
    anchors: new AnchorStore(''),
    identityKey: generateSigningKey(),
    publicOrigin: 'http://localhost',
    rootFingerprint: '',
    releases: new ReleaseStore('', ''),
  });
  return { user: await buildUserSchema(features.resolvers), agent: await describeAgentSchema() };
}

const nothingIsSigned = () => Promise.reject(new Error('Nothing is signed while schemas are described'));
const NO_SIGNER: Signer = { sign: nothingIsSigned, signAnchor: nothingIsSigned, status: nothingIsSigned };
