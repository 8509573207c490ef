import type { TelemetryWriter } from '@pilothouse/db/timeseries';
import { createAuditFeature, type AnchorStore } from '../../features/audit/index.js';
import { createCommandTemplatesFeature } from '../../features/command-templates/index.js';
import { createCommandsFeature } from '../../features/commands/index.js';
import { createEnrolmentFeature, type InstallationAddress } from '../../features/enrolment/index.js';
import { createMetricsFeature } from '../../features/metrics/index.js';
import { createPeopleFeature } from '../../features/people/index.js';
import { createReleasesFeature, type ReleaseStore } from '../../features/releases/index.js';
import { createServerGroupsFeature } from '../../features/server-groups/index.js';
import { createServersFeature } from '../../features/servers/index.js';
import { createWorkspacesFeature } from '../../features/workspaces/index.js';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { SealingKey } from '../../kernel/sealing.js';
import type { Signer } from '../../signer/index.js';
import type { SigningKey } from '@pilothouse/protocol';

/** What the features are made of. */
export interface FeatureParts extends InstallationAddress {
  database: Database;
  bus: EventBus;
  log: Logger;
  rateLimits: RateLimits;
  sealing: SealingKey;
  signer: Signer;
  writer: TelemetryWriter;
  anchors: AnchorStore;
  identityKey: SigningKey;
  releases: ReleaseStore;
}

export type Features = ReturnType<typeof createFeatures>;

/** All features of the api, each given what it needs of the others. */
export function createFeatures(parts: FeatureParts) {
  const people = createPeopleFeature(parts);
  const workspaces = createWorkspacesFeature({ ...parts, newAccounts: people.newAccounts });
  const groups = createServerGroupsFeature(parts);
  const servers = createServersFeature({ ...parts, groups: groups.directory });
  const enrolment = createEnrolmentFeature({ ...parts, groups: groups.directory, servers });
  const templates = createCommandTemplatesFeature(parts);
  const audit = createAuditFeature({ ...parts, people: people.directory });
  const commands = createCommandsFeature({
    ...parts,
    targets: servers.targets,
    templates: templates.directory,
    alarm: servers.alerts,
    commandKeys: () => audit.anchors.commandKeys(),
  });
  servers.hooks.add((ctx, tx, serverId) => commands.reports.serverRevoked(ctx, tx, serverId));
  const metrics = createMetricsFeature(parts);
  const releases = createReleasesFeature({ ...parts, store: parts.releases, pins: parts });
  const resolvers: object[] = [
    people,
    workspaces,
    groups,
    servers,
    enrolment,
    templates,
    commands,
    metrics,
    audit,
  ].flatMap((feature) => feature.resolvers);
  return { people, servers, enrolment, commands, metrics, audit, releases, resolvers };
}
