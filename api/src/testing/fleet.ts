import { fingerprintOf, generateSigningKey, type HostFacts, type SigningKey } from '@pilothouse/protocol';
import { seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import { pino } from 'pino';
import { createEnrolmentFeature } from '../features/enrolment/index.js';
import { createServerGroupsFeature } from '../features/server-groups/index.js';
import { createServersFeature } from '../features/servers/index.js';
import { RateLimits } from '../kernel/rate-limits.js';
import { FeatureHarness } from './feature-harness.js';

/** Servers, groups and enrolment on a database of their own, with keys of a pretended installation. */
export class Fleet {
  readonly rootKey = generateSigningKey();
  readonly rootFingerprint = fingerprintOf(this.rootKey.publicKey);
  readonly identityKey: SigningKey = generateSigningKey();
  readonly groups;
  readonly servers;
  readonly enrolment;
  /** What would go to the operator's log. */
  readonly logged: string[] = [];

  private constructor(
    readonly harness: FeatureHarness,
    rateLimits: RateLimits,
  ) {
    const kernel = { database: harness.database, bus: harness.bus };
    this.groups = createServerGroupsFeature(kernel);
    this.servers = createServersFeature({ ...kernel, groups: this.groups.directory });
    this.enrolment = createEnrolmentFeature({
      ...kernel,
      rateLimits,
      log: pino({ level: 'debug' }, { write: (line: string) => void this.logged.push(line) }),
      groups: this.groups.directory,
      servers: this.servers,
      identityKey: this.identityKey,
      rootFingerprint: this.rootFingerprint,
      publicOrigin: 'https://pilot.example.test',
    });
  }

  static async start(rateLimits = new RateLimits()): Promise<Fleet> {
    const harness = await FeatureHarness.start();
    const fleet = new Fleet(harness, rateLimits);
    const { groups, servers, enrolment } = fleet;
    await harness.serve([groups, servers, enrolment].flatMap(({ resolvers }) => resolvers));
    return fleet;
  }

  workspace(): Promise<SeededWorkspace> {
    return seedWorkspace(this.harness.db);
  }

  stop(): Promise<void> {
    return this.harness.stop();
  }
}

/** What an agent says of a host, whole and well-formed. */
export const HOST_FACTS: HostFacts = {
  hostname: 'web-1.example.test',
  addresses: ['192.0.2.10', '2001:db8::10'],
  osName: 'Debian GNU/Linux',
  osVersion: '12',
  kernel: '6.1.0-18-amd64',
  architecture: 'x64',
  cpuModel: 'Example 9000',
  cpuCount: 8,
  memoryMib: 32_000,
  swapMib: 0,
  diskMib: 100_000,
  virtualisation: 'kvm',
  bootId: '7a5f6c1e-0000-4000-8000-000000000001',
  bootedAt: '2026-01-01T00:00:00.000Z',
  agentVersion: '0.1.0',
  systemd: true,
  agentUser: 'root',
  automaticTags: ['x64', 'systemd'],
};
