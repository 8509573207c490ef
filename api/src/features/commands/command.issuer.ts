import { intentDigest, type CancelIntent, type Intent, type SignedEnvelope } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import type { AuditPlace, AuditRecord, WriteTransaction } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import type { Logger } from '../../kernel/log.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { SigningRefused, type IssuingAction, type Signer } from '../../signer/index.js';
import { limitsFor, type CommandPlan } from './command.plan.js';
import type { InstructionRepository, NumberedServer, PreparedCommand, Signed } from './instruction.repository.js';
import { storedArguments } from './stored-arguments.js';

/** How long the signer may take before the mutation fails and rolls back. */
const SIGNER_DEADLINE_MS = 250;

export interface IssueRequest {
  plan: CommandPlan;
  servers: readonly NumberedServer[];
  expiresInMs: number;
  idempotencyKey: string | null;
  rerunOf: string | null;
  /** The run these commands belong to, and which batch each server is in; batches after the first are held back. */
  run?: { id: string; batchOf: (index: number) => number };
}

/** What goes on record for instructions: the signer takes them under these actions only. */
export type IssuingRecord = Omit<AuditRecord, 'intentDigest'> & { action: IssuingAction };

/** Instructions to be signed, and what goes on record for all of them. */
interface Issue<Prepared> {
  prepared: readonly Prepared[];
  record: IssuingRecord;
}

/** Makes instructions, and has them signed once their audit entry has its place: only then are there rows of them. */
export class CommandIssuer {
  constructor(
    private readonly parts: {
      instructions: InstructionRepository;
      signer: Signer;
      log: Logger;
      signerDeadlineMs?: number;
    },
  ) {}

  /** @returns commands to be signed, in the order of the servers. */
  prepareCommands(ctx: WorkspaceContext, request: IssueRequest): PreparedCommand[] {
    const now = ctx.now();
    return request.servers.map((server, index) => prepareCommand(ctx, request, { server, index, now }));
  }

  /** Queues commands when the transaction ends. */
  queueCommands(tx: WriteTransaction, ctx: WorkspaceContext, issue: Issue<PreparedCommand>): void {
    for (const { row } of issue.prepared) tx.changed('COMMAND', row.id);
    this.signOnCommit(tx, ctx, issue, (signed) => this.parts.instructions.insertCommands(tx, signed));
  }

  queueCancels(tx: WriteTransaction, ctx: WorkspaceContext, issue: Issue<{ intent: CancelIntent }>): void {
    this.signOnCommit(tx, ctx, issue, (signed) => this.parts.instructions.insertCancels(tx, signed));
  }

  /** Puts the instructions on record and has them signed inside the transaction, after everything that could wait. */
  private signOnCommit<Prepared extends { intent: Intent }>(
    tx: WriteTransaction,
    ctx: WorkspaceContext,
    { prepared, record }: Issue<Prepared>,
    insert: (signed: readonly Signed<Prepared>[]) => Promise<void>,
  ): void {
    tx.audit({ ...record, intentDigest: intentDigest(prepared.map(({ intent }) => intent)) });
    tx.afterAudit(async (place) => tx.sent(insert(await this.sign(ctx, place, prepared))));
  }

  private async sign<Prepared extends { intent: Intent }>(
    ctx: WorkspaceContext,
    place: AuditPlace,
    prepared: readonly Prepared[],
  ): Promise<Signed<Prepared>[]> {
    if (ctx.credential === null) throw new Error('Instructions were issued without a credential');
    try {
      const intents = prepared.map(({ intent }) => intent);
      const envelopes = await withDeadline(
        this.parts.signer.sign({ credential: ctx.credential.reveal(), audit: place, intents }),
        this.parts.signerDeadlineMs ?? SIGNER_DEADLINE_MS,
      );
      return inPairs(prepared, envelopes);
    } catch (error) {
      if (!(error instanceof SigningRefused)) {
        throw new Fault('UNAVAILABLE', 'The signer does not answer. Nothing was queued; try again.', { cause: error });
      }
      this.parts.log.warn({ refusal: error.refusal, actor: place.actorId, chain: place.chain }, error.message);
      throw refusalFault(error);
    }
  }
}

function prepareCommand(
  ctx: WorkspaceContext,
  { plan, expiresInMs, idempotencyKey, rerunOf, run }: IssueRequest,
  { server, index, now }: { server: NumberedServer; index: number; now: Date },
): PreparedCommand {
  const id = uuidv7();
  const expiresAt = new Date(now.getTime() + expiresInMs);
  const limits = limitsFor(plan, server);
  const batch = run?.batchOf(index) ?? 0;
  const actor = actorOf(ctx);
  return {
    intent: {
      ...instructionFields(ctx, { id, server, now, expiresAt }),
      kind: 'command',
      scopes: plan.scopes,
      arguments: plan.arguments,
      limits,
      idempotent: plan.idempotent,
    },
    row: {
      id,
      workspaceId: ctx.workspaceId,
      serverId: server.id,
      runId: run?.id ?? null,
      batch,
      held: batch > 0,
      sequence: server.sequence,
      priority: plan.arguments.priority,
      state: 'QUEUED',
      arguments: storedArguments(plan.arguments),
      scopes: plan.scopes,
      limits,
      idempotent: plan.idempotent,
      actorKind: actor.kind,
      actorId: actor.id,
      idempotencyKey: run ? null : idempotencyKey,
      rerunOf,
      searchText: plan.searchText,
      createdAt: now,
      expiresAt,
    },
  };
}

/** The fields every instruction has. */
export function instructionFields(
  ctx: WorkspaceContext,
  { id, server, now, expiresAt }: { id: string; server: NumberedServer; now: Date; expiresAt: Date },
) {
  return {
    version: 1 as const,
    id,
    serverId: server.id,
    workspaceId: ctx.workspaceId,
    generation: server.generation,
    sequence: server.sequence,
    issuedAt: now.toISOString(),
    notBefore: now.toISOString(),
    expiresAt: expiresAt.toISOString(),
    actor: actorOf(ctx),
    approvalDigest: null,
  };
}

export function actorOf(ctx: RequestContext): { kind: 'USER' | 'API_TOKEN'; id: string } {
  const { actor } = ctx;
  if (actor.kind !== 'USER' && actor.kind !== 'API_TOKEN') throw new Error(`A ${actor.kind} cannot issue instructions`);
  return { kind: actor.kind, id: actor.id };
}

function refusalFault(error: SigningRefused): Fault {
  if (error.refusal === 'TOO_MANY')
    return new Fault('RATE_LIMITED', 'Too many commands in a minute. Try again shortly.');
  if (error.refusal === 'FROZEN') {
    return new Fault(
      'UNAVAILABLE',
      'Signing is frozen: this control plane sends no commands until an operator unfreezes it.',
    );
  }
  return new Fault('FORBIDDEN', 'The signer did not accept this command. Nothing was queued.', {
    details: { refusal: error.refusal },
  });
}

/** The signer answers in the order it was asked in. */
function inPairs<Prepared extends { intent: Intent }>(
  prepared: readonly Prepared[],
  envelopes: readonly SignedEnvelope[],
): Signed<Prepared>[] {
  return prepared.map((instruction, index) => {
    const envelope = envelopes[index];
    if (!envelope) throw new Error('The signer has signed fewer instructions than it was asked for');
    return { ...instruction, envelope };
  });
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The signer took longer than ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
