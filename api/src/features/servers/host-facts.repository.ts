import { ServerEntity } from '@pilothouse/db';
import type { HealthFrame, HostFacts } from '@pilothouse/protocol';
import type { Transaction } from '../../kernel/database/index.js';
import type { ServerTagRepository, TaggedServer } from './server-tag.repository.js';

/**
 * The automatic tags there are. An agent chooses among them and cannot make up others: runs go by tag, and a hostile
 * host that tagged itself `production` would be sent what is meant for production.
 */
const AUTOMATIC_TAGS: ReadonlySet<string> = new Set([
  'x64',
  'arm64',
  'arm',
  'ia32',
  'riscv64',
  'ppc64',
  's390x',
  'loong64',
  'high-mem',
  'many-core',
  'gpu',
  'systemd',
  'container',
  'docker',
]);

/** What agents say of their hosts: at enrolment, after each connection, and when something changed. */
export class HostFactsRepository {
  constructor(private readonly tags: ServerTagRepository) {}

  /** Stores facts whose texts are storable, and the automatic tags that follow from them. */
  async store(tx: Transaction, server: TaggedServer, { facts, at }: { facts: HostFacts; at: Date }): Promise<void> {
    const automaticTags = [...new Set(facts.automaticTags.filter((tag) => AUTOMATIC_TAGS.has(tag)))];
    await tx.manager.update(ServerEntity, { id: server.id }, { facts: { ...facts, automaticTags }, factsAt: at });
    await this.tags.replaceAutomatic(tx, server, automaticTags);
  }

  async storeHealth(tx: Transaction, serverId: string, health: HealthFrame): Promise<void> {
    await tx.manager.update(ServerEntity, { id: serverId }, { health });
  }
}
