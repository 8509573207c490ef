import { RETENTION_DAYS } from '@pilothouse/protocol';
import type { Logger } from '../kernel/log.js';
import type { Job, JobRun } from './job.js';
import type { PrunedTable, RetentionRepository } from './retention.repository.js';

const DAY_MS = 86_400_000;
const BATCH_ROWS = 1000;

/** How many days rows are kept after they are of no more use. Commands come before their runs. */
const KEEP_DAYS: readonly (readonly [PrunedTable, number])[] = [
  ['commands', RETENTION_DAYS.commands],
  ['command_runs', RETENTION_DAYS.commands],
  ['instructions', RETENTION_DAYS.commands],
  ['agent_connections', RETENTION_DAYS.connections],
  ['alerts', RETENTION_DAYS.alerts],
  ['enrolment_tokens', RETENTION_DAYS.spentTokens],
  ['invitations', RETENTION_DAYS.spentTokens],
  // As long as audit and history may name them.
  ['api_tokens', RETENTION_DAYS.audit],
  ['sessions', 1],
  ['revocations', 1],
];
const EVENT_DAYS = 1;

/** Removes what has been kept long enough. */
export function retentionJob({ repository, log }: { repository: RetentionRepository; log: Logger }): Job {
  return {
    name: 'retention',
    everyMs: 3_600_000,
    run: async ({ now, signal }: JobRun) => {
      const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS);
      const removed: Record<string, number> = {
        audit_entries: await repository.pruneAudit(daysAgo(RETENTION_DAYS.audit)),
        workspace_events: await repository.pruneEvents(daysAgo(EVENT_DAYS)),
      };
      for (const [table, days] of KEEP_DAYS) {
        const before = daysAgo(days);
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
