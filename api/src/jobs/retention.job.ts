import { RETENTION_DAYS, type RetainedTable } from '@pilothouse/db';
import type { Logger } from '../kernel/log.js';
import type { Job, JobRun } from './job.js';
import type { PrunedTable, RetentionRepository } from './retention.repository.js';

const DAY_MS = 86_400_000;
const BATCH_ROWS = 1000;

/** In this order: commands come before their runs. */
const PRUNED: readonly PrunedTable[] = [
  'commands',
  'command_runs',
  'instructions',
  'agent_connections',
  'alerts',
  'enrolment_tokens',
  'invitations',
  'api_tokens',
  'sessions',
  'revocations',
];

/** Removes what has been kept long enough. */
export function retentionJob({ repository, log }: { repository: RetentionRepository; log: Logger }): Job {
  return {
    name: 'retention',
    everyMs: 3_600_000,
    run: async ({ now, signal }: JobRun) => {
      const limitOf = (table: RetainedTable) => new Date(now.getTime() - RETENTION_DAYS[table] * DAY_MS);
      const removed: Record<string, number> = {
        audit_entries: await repository.pruneAudit(limitOf('audit_entries')),
        workspace_events: await repository.pruneEvents(limitOf('workspace_events')),
      };
      for (const table of PRUNED) {
        const before = limitOf(table);
        let batch = BATCH_ROWS;
        while (batch === BATCH_ROWS && !signal.aborted) {
          batch = await repository.prune(table, { before, atMost: BATCH_ROWS });
          removed[table] = (removed[table] ?? 0) + batch;
        }
      }
      log.info({ removed }, 'Retention has removed what was old');
      return removed;
    },
  };
}
