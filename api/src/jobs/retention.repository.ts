import type { RetainedTable } from '@pilothouse/db';
import type { Pool } from 'pg';

/** Tables whose old rows are removed some at a time, by a function of the database for each. */
export type PrunedTable = Exclude<RetainedTable, 'audit_entries' | 'workspace_events'>;

/** What the role ph_jobs may remove. */
export class RetentionRepository {
  constructor(private readonly pool: Pool) {}

  /** @returns how many rows were removed. */
  async prune(table: PrunedTable, { before, atMost }: { before: Date; atMost: number }): Promise<number> {
    return this.removed(`select prune_${table}($1, $2) as removed`, [before, atMost]);
  }

  /** Moves the beginning of every audit chain up to its first entry that is kept. */
  pruneAudit(before: Date): Promise<number> {
    return this.removed('select prune_audit($1) as removed', [before]);
  }

  pruneEvents(before: Date): Promise<number> {
    return this.removed('select prune_events($1) as removed', [before]);
  }

  private async removed(sql: string, parameters: unknown[]): Promise<number> {
    const { rows } = await this.pool.query<{ removed: string }>(sql, parameters);
    return Number(rows[0]!.removed);
  }
}
