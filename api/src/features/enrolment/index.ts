/** Enrolment: adding servers, the tokens that let agents in, and the plain HTTP ways in for agents. */
import type { SigningKey } from '@pilothouse/protocol';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { ServerGroupDirectory } from '../server-groups/index.js';
import type {
  HostFactsRepository,
  RevocationHooks,
  ServerAccess,
  ServerRepository,
  ServerTagRepository,
} from '../servers/index.js';
import { createAgentEntrances } from './agent-entrances.router.js';
import { EnrolmentRepository } from './enrolment.repository.js';
import { EnrolmentResolver } from './enrolment.resolver.js';
import type { InstallationAddress } from './host-commands.js';
import { EnrolmentService } from './enrolment.service.js';
import { KeyRotationRequestService } from './key-rotation-request.service.js';
import { KeyRotationResolver } from './key-rotation.resolver.js';
import { KeysetRepository } from './keyset.repository.js';
import { RedemptionService } from './redemption.service.js';

export type { InstallationAddress } from './host-commands.js';
export type { EnrolmentService } from './enrolment.service.js';
export { ServerEnrolment } from './enrolment.types.js';
export { KeysetRepository, type VersionedKeyset } from './keyset.repository.js';

export interface EnrolmentParts extends InstallationAddress {
  database: Database;
  bus: EventBus;
  rateLimits: RateLimits;
  log: Logger;
  groups: ServerGroupDirectory;
  /** Of the servers feature. */
  servers: {
    store: { repository: ServerRepository; tags: ServerTagRepository; access: ServerAccess };
    facts: HostFactsRepository;
    hooks: RevocationHooks;
  };
  /** The control plane's identity key: it signs receipts. */
  identityKey: SigningKey;
  now?: () => Date;
}

export function createEnrolmentFeature(parts: EnrolmentParts) {
  const { database, bus, rateLimits, log, groups, servers, identityKey, now } = parts;
  const keysets = new KeysetRepository(database);
  const enrolments = new EnrolmentRepository(database);
  const service = new EnrolmentService({ database, enrolments, store: servers.store, groups, address: parts });
  const redemptions = new RedemptionService({
    database,
    enrolments,
    facts: servers.facts,
    hooks: servers.hooks,
    identityKey,
    rootFingerprint: parts.rootFingerprint,
  });
  const rotation = new KeyRotationRequestService({ database, bus, enrolments, access: servers.store.access });
  servers.hooks.add((ctx, tx, serverId) => enrolments.revokeTokens(tx, serverId, ctx.now()));
  return {
    resolvers: [new EnrolmentResolver(service), new KeyRotationResolver(rotation)],
    /** For the agent of the control plane's own machine. */
    enrolments: service,
    keysets,
    entrances: createAgentEntrances({
      redemptions,
      enrolments,
      keysets,
      rateLimits,
      log,
      ...(now && { now }),
    }),
  };
}
