import type { HealthFrame, HostFacts } from '@pilothouse/protocol';
import { queryPrepared, type Transaction } from '../../kernel/database/index.js';
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

  /**
   * Stores facts whose texts are storable, and the automatic tags that follow from them.
   *
   * @returns whether they differ from those of before: a thousand agents that come back say the same again
   */
  async store(tx: Transaction, server: TaggedServer, { facts, at }: { facts: HostFacts; at: Date }): Promise<boolean> {
    const automaticTags = [...new Set(facts.automaticTags.filter((tag) => AUTOMATIC_TAGS.has(tag)))];
    const rows = await queryPrepared<{ differs: boolean }>(
      tx.manager,
      `with before as (select facts from servers where id = $1)
       update servers s set facts = $2::jsonb, facts_at = $3 from before b where s.id = $1
       returning b.facts is distinct from $2::jsonb as differs`,
      [server.id, JSON.stringify({ ...facts, automaticTags }), at],
    );
    await this.tags.replaceAutomatic(tx, server, automaticTags);
    return rows[0]?.differs === true;
  }

  /** @returns whether it differs from that of before */
  async storeHealth(tx: Transaction, serverId: string, health: HealthFrame): Promise<boolean> {
    const rows = await queryPrepared(
      tx.manager,
      'update servers set health = $2::jsonb where id = $1 and health is distinct from $2::jsonb returning id',
      [serverId, JSON.stringify(health)],
    );
    return rows.length > 0;
  }
}
