import { v7 as uuidv7 } from 'uuid';
import type { Transaction } from '../../kernel/database/index.js';
import type { IntegrityAlertRecord } from './server.record.js';

/** An alert as JSON. */
export const ALERT_JSON = `jsonb_build_object('raisedAt', raised_at, 'reason', reason, 'commandId', command_id, 'count', count)`;

/** The alert of a server whose agent was given instructions that are not genuine; at most one is open. */
export class IntegrityAlertRepository {
  /** Raises an alert, or counts on the one that is open. @returns whether it is a new one. */
  async raise(
    tx: Transaction,
    serverId: string,
    { reason, commandId, at }: { reason: string; commandId: string; at: Date },
  ): Promise<boolean> {
    const rows: { count: number }[] = await tx.manager.query(
      `insert into alerts as a (id, workspace_id, server_id, kind, reason, command_id, count, raised_at)
       select $1, s.workspace_id, s.id, 'INTEGRITY', $3, $4, 1, $5 from servers s where s.id = $2
       on conflict (server_id, kind) where acknowledged_at is null do update set count = a.count + 1
       returning count`,
      [uuidv7(), serverId, reason, commandId, at],
    );
    return rows[0]?.count === 1;
  }

  /** @returns the alert that was open; null when there was none. */
  async acknowledge(tx: Transaction, serverId: string, at: Date): Promise<IntegrityAlertRecord | null> {
    const [rows]: [{ alert: IntegrityAlertRecord }[], number] = await tx.manager.query(
      `update alerts set acknowledged_at = $2 where server_id = $1 and kind = 'INTEGRITY' and acknowledged_at is null
       returning ${ALERT_JSON} as alert`,
      [serverId, at],
    );
    return rows[0]?.alert ?? null;
  }
}
