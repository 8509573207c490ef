import type { Database, WriteTransaction } from '../../kernel/database/index.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { NoIntegrityAlert } from './integrity-alert.refusals.js';
import type { IntegrityAlertRepository } from './integrity-alert.repository.js';
import type { ServerAccess } from './server.access.js';
import type { ServerRecord } from './server.record.js';

/** What the agent's judgement means. */
const REASONS: Readonly<Record<string, string>> = {
  UNKNOWN_KEY: 'It was signed by a key that is not this control plane’s.',
  BAD_SIGNATURE: 'Its signature is wrong: it was altered, or this control plane has not signed it.',
  MALFORMED: 'Its content is in no form that this control plane signs.',
  OTHER_SERVER: 'It was signed for another server.',
  STALE_GENERATION: 'It was signed for an identity of this server that is void.',
  LIFETIME_TOO_LONG: 'It would be valid for longer than this control plane signs.',
};
const ANY_REASON = 'The agent found it not genuine.';

/** An instruction that an agent refused because it is not genuine. */
export interface RefusedInstruction {
  serverId: string;
  commandId: string;
  /** A word of the protocol, never the agent's own text. */
  problem: string;
}

/** Tells people that somebody may have tampered with what is stored for a server, or sent to it. */
export class IntegrityAlertService {
  constructor(
    private readonly parts: {
      database: Database;
      access: ServerAccess;
      alerts: IntegrityAlertRepository;
    },
  ) {}

  /** Belongs to the transaction that notes the refusal, so that each is counted once. */
  async raise(
    ctx: RequestContext,
    tx: WriteTransaction,
    { serverId, commandId, problem }: RefusedInstruction,
  ): Promise<void> {
    const reason = Object.hasOwn(REASONS, problem) ? REASONS[problem]! : ANY_REASON;
    const isNew = await this.parts.alerts.raise(tx, serverId, { reason, commandId, at: ctx.now() });
    tx.changed('SERVER', serverId);
    if (!isNew) return;
    tx.audit({
      action: 'integrity-alert-raised',
      target: { kind: 'SERVER', id: serverId },
      detail: { commandId, problem },
    });
  }

  acknowledge(ctx: WorkspaceContext, id: string): Promise<ServerRecord | NoIntegrityAlert> {
    const { database, access, alerts } = this.parts;
    return database.write(ctx, async (tx) => {
      const record = await access.open(ctx, tx, id);
      const alert = await alerts.acknowledge(tx, record.id, ctx.now());
      if (!alert) return NoIntegrityAlert.of(record);
      tx.changed('SERVER', record.id);
      tx.audit({
        action: 'integrity-alert-acknowledged',
        target: { kind: 'SERVER', id: record.id },
        detail: { ...alert },
      });
      return { ...record, integrityAlert: null };
    });
  }
}
