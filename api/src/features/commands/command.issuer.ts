import { intentDigest, type CommandIntent, type Intent, type SignedEnvelope } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import type { AuditPlace, AuditRecord, WriteTransaction } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import type { Logger } from '../../kernel/log.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { SigningRefused, type IssuingAction, type Signer } from '../../signer/index.js';
import { limitsFor, type CommandPlan } from './command.plan.js';
import type { InstructionRepository, NewCommand, NumberedServer, SignedInstruction } from './instruction.repository.js';
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

/** Makes rows and instructions, and has them signed once their audit entry has its place. */
export class CommandIssuer {
  constructor(
    private readonly parts: {
      instructions: InstructionRepository;
      signer: Signer;
      log: Logger;
      signerDeadlineMs?: number;
    },
  ) {}

  /** Inserts the commands, unsigned. @returns them with the instructions to be signed, in the order of the servers. */
  prepareCommands(tx: WriteTransaction, ctx: WorkspaceContext, request: IssueRequest): PreparedCommand[] {
    const now = ctx.now();
    const prepared = request.servers.map((server, index) => prepareCommand(ctx, request, { server, index, now }));
    const rows = prepared.map(({ row }) => row);
    tx.sent(this.parts.instructions.insertCommands(tx, rows));
    for (const { id } of rows) tx.changed('COMMAND', id);
    return prepared;
  }

  /** Puts the instructions on record and has them signed inside the transaction, after everything that could wait. */
  signOnCommit(
    tx: WriteTransaction,
    ctx: WorkspaceContext,
    { intents, record }: { intents: readonly Intent[]; record: IssuingRecord },
  ): void {
    tx.audit({ ...record, intentDigest: intentDigest(intents) });
    tx.afterAudit(async (place) => {
      const signed = await this.sign(ctx, place, intents);
      tx.sent(this.parts.instructions.storeEnvelopes(tx, signed));
    });
  }

  private async sign(
    ctx: WorkspaceContext,
    place: AuditPlace,
    intents: readonly Intent[],
  ): Promise<SignedInstruction[]> {
    if (ctx.credential === null) throw new Error('Instructions were issued without a credential');
    try {
      const envelopes = await withDeadline(
        this.parts.signer.sign({ credential: ctx.credential.reveal(), audit: place, intents }),
        this.parts.signerDeadlineMs ?? SIGNER_DEADLINE_MS,
      );
      return inPairs(intents, envelopes);
    } catch (error) {
      if (!(error instanceof SigningRefused)) {
        throw new Fault('UNAVAILABLE', 'The signer does not answer. Nothing was queued; try again.', { cause: error });
      }
      this.parts.log.warn({ refusal: error.refusal, actor: place.actorId, chain: place.chain }, error.message);
      throw refusalFault(error);
    }
  }
}

export interface PreparedCommand {
  row: NewCommand;
  intent: CommandIntent;
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
function inPairs(intents: readonly Intent[], envelopes: readonly SignedEnvelope[]): SignedInstruction[] {
  return intents.map((intent, index) => {
    const envelope = envelopes[index];
    if (!envelope) throw new Error('The signer has signed fewer instructions than it was asked for');
    return { intent, envelope };
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
