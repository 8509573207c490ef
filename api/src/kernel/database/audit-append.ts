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

/** What goes on record. `detail` must hold no secret: it is kept for 400 days and can be exported. */
export interface AuditRecord {
  /** Noun and past verb: `server-created`, `command-run`. */
  action: string;
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
