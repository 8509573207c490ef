/** Servers: the managed hosts of a workspace, their state, tags and permissions, and which of them a caller may act on. */
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { ServerGroupDirectory } from '../server-groups/index.js';
import { AgentLinkRepository } from './agent-link.repository.js';
import { AgentLinkService } from './agent-link.service.js';
import { HostFactsRepository } from './host-facts.repository.js';
import { IntegrityAlertRepository } from './integrity-alert.repository.js';
import { IntegrityAlertResolver } from './integrity-alert.resolver.js';
import { IntegrityAlertService } from './integrity-alert.service.js';
import { RevocationHooks } from './revocation.hooks.js';
import { ServerAccess } from './server.access.js';
import { ServerDirectory } from './server.directory.js';
import { ServerRepository } from './server.repository.js';
import { ServerResolver } from './server.resolver.js';
import { ServerService } from './server.service.js';
import { serverSubscription } from './server.subscription.js';
import { ServerTargets } from './server.targets.js';
import { ServerBulkService } from './server-bulk.service.js';
import { ServerTagRepository } from './server-tag.repository.js';

export { HostFactsRepository } from './host-facts.repository.js';
export { ProfileEnum, type ServerProfile } from './permission.types.js';
export { ServerAccess } from './server.access.js';
export { concurrencyNumber, descriptionText, permissionsOf, tagTexts } from './server.checks.js';
export { ServerDirectory } from './server.directory.js';
export { toServerNode } from './server.node.js';
export { viewState, type ServerRecord } from './server.record.js';
export { ServerNameTaken } from './server.refusals.js';
export { ServerRepository } from './server.repository.js';
export type { RevocationHook, RevocationHooks } from './revocation.hooks.js';
export { ServerTagRepository } from './server-tag.repository.js';
export { ServerTargets, type TargetExpression, type TargetServer } from './server.targets.js';
export { Server } from './server.types.js';

export interface ServersParts {
  database: Database;
  bus: EventBus;
  groups: ServerGroupDirectory;
}

export function createServersFeature({ database, bus, groups }: ServersParts) {
  const repository = new ServerRepository();
  const tags = new ServerTagRepository();
  const access = new ServerAccess(repository);
  const hooks = new RevocationHooks();
  const shared = { database, bus, servers: repository, access, tags, groups, hooks };
  const service = new ServerService(shared);
  const links = new AgentLinkService({ database, links: new AgentLinkRepository() });
  const bulk = new ServerBulkService(shared);
  const alerts = new IntegrityAlertService({ ...shared, alerts: new IntegrityAlertRepository() });
  return {
    resolvers: [
      new ServerResolver({ servers: service, bulk, links, groups }),
      new IntegrityAlertResolver(alerts),
      serverSubscription(shared),
    ],
    alerts,
    directory: new ServerDirectory({ database, servers: repository }),
    targets: new ServerTargets(repository),
    facts: new HostFactsRepository(tags),
    /** For the enrolment of servers, which adds to what is stored of them. */
    store: { repository, tags, access },
    hooks,
  };
}
