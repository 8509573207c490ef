import type { AuditEntryFields } from '@pilothouse/protocol';
import type { EntityManager } from 'typeorm';
import { queryPrepared } from './prepared.js';
import type { Actor, RequestContext } from '../request-context.js';

/** Kinds of what entries are about: API surface. Add, never rename. */
export type AuditTargetKind =
  | 'INSTALLATION'
  | 'USER'
  | 'SESSION'
  | 'API_TOKEN'
  | 'WORKSPACE'
  | 'INVITATION'
  | 'SERVER'
  | 'GROUP'
  | 'COMMAND'
  | 'RUN'
  | 'TEMPLATE';

/** What goes on record: noun and past verb. API surface: add, never rename. */
export type AuditAction =
  | 'account-disabled'
  | 'agent-enrolled'
  | 'agent-key-announced'
  | 'agent-key-rotated'
  | 'api-token-created'
  | 'api-token-revoked'
  | 'command-cancelled'
  | 'command-queued'
  | 'command-rerun-refused'
  | 'command-template-created'
  | 'command-template-deleted'
  | 'command-template-refused'
  | 'command-template-updated'
  | 'command-vetoed'
  | 'commands-withdrawn'
  | 'duplicate-identity-found'
  | 'grant-added'
  | 'grant-revoked'
  | 'instruction-refused'
  | 'integrity-alert-acknowledged'
  | 'integrity-alert-raised'
  | 'invitation-accepted'
  | 'invitation-revoked'
  | 'member-invited'
  | 'member-left'
  | 'member-removed'
  | 'member-role-changed'
  | 'owner-recovered'
  | 'password-changed'
  | 'run-started'
  | 'run-stopped'
  | 'server-created'
  | 'server-deleted'
  | 'server-group-created'
  | 'server-group-deleted'
  | 'server-group-updated'
  | 'server-key-rotation-asked'
  | 'server-maintenance-set'
  | 'server-reenrolment-started'
  | 'server-revoked'
  | 'server-tags-changed'
  | 'server-tags-set'
  | 'server-updated'
  | 'servers-moved'
  | 'session-ended'
  | 'set-up-completed'
  | 'set-up-refused'
  | 'sign-in-refused'
  | 'signed-in'
  | 'signed-out-everywhere'
  | 'step-up-refused'
  | 'stepped-up'
  | 'totp-confirm-refused'
  | 'totp-disabled'
  | 'totp-enabled'
  | 'totp-started'
  | 'workspace-created'
  | 'workspace-renamed';

/** What goes on record. `detail` must hold no secret: it is kept for 400 days and can be exported. */
export interface AuditRecord {
  action: AuditAction;
  target: { kind: AuditTargetKind; id: string };
  detail?: Readonly<Record<string, unknown>>;
  /** Digest of the instructions this entry stands for (`intentDigest` of the protocol package). */
  intentDigest?: string;
  /** On the chain of the installation, for what happens before or outside a workspace. */
  installation?: true;
}

/** An entry as it stands in the chain, with its hash. */
export interface AuditPlace extends AuditEntryFields {
  hash: string;
}

/**
 * Appends to the chain; holds the chain's lock until the transaction ends. Fails closed: when it throws, so does the
 * transaction.
 */
export async function appendAudit(
  manager: EntityManager,
  ctx: RequestContext,
  record: AuditRecord,
): Promise<AuditPlace> {
  const texts = {
    actorKind: ctx.actor.kind,
    actorId: actorIdText(ctx.actor),
    action: record.action,
    targetKind: record.target.kind,
    targetId: record.target.id,
    detail: JSON.stringify({ ...record.detail, address: ctx.address, requestId: ctx.requestId }),
    intentDigest: record.intentDigest ?? '',
  };
  const installation = record.installation || ctx.workspaceId === null ? 'installation' : null;
  const [row] = await queryPrepared<{
    chain: string;
    sequence: string;
    previous_hash: string;
    hash: string;
    time: string;
  }>(manager, 'select * from audit_append($1, $2, $3, $4, $5, $6, $7, $8)', [...Object.values(texts), installation]);
  if (!row) throw new Error('audit_append returned nothing');
  return {
    ...texts,
    chain: row.chain,
    sequence: Number(row.sequence),
    previousHash: row.previous_hash,
    time: row.time,
    hash: row.hash,
  };
}

function actorIdText(actor: Actor): string {
  return actor.kind === 'SYSTEM' ? actor.job : (actor.id ?? '');
}
