import type { CommandEntity } from '@pilothouse/db';
import { ENVELOPE_LIMITS, type CancelIntent } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import type { WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { actorOf, instructionFields, type CommandIssuer, type IssuingRecord } from './command.issuer.js';
import type { CommandRepository } from './command.repository.js';
import type { InstructionRepository, NumberedServer } from './instruction.repository.js';

interface CancellerParts {
  repository: CommandRepository;
  instructions: InstructionRepository;
  issuer: CommandIssuer;
  bus: EventBus;
}

/** Takes back what was not sent, and asks agents by signed instructions to end the rest. */
export class CommandCanceller {
  constructor(private readonly parts: CancellerParts) {}

  /** Cancels commands whose rows are locked, with one audit entry and one call of the signer for all of them. */
  async cancel(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    {
      commands,
      record,
      reason,
    }: {
      commands: readonly CommandEntity[];
      record: IssuingRecord;
      reason: string;
    },
  ): Promise<void> {
    const { repository, instructions, issuer, bus } = this.parts;
    const now = ctx.now();
    const withdrawn = new Set(
      await repository.withdraw(
        tx,
        commands.map(({ id }) => id),
        { reason, at: now },
      ),
    );
    const sent = commands.filter(({ id, cancelRequestedAt }) => !withdrawn.has(id) && cancelRequestedAt === null);
    for (const { id } of commands) tx.changed('COMMAND', id);
    if (sent.length === 0) return tx.audit(record);
    const numbered = await instructions.numberInstructions(tx, [...new Set(sent.map(({ serverId }) => serverId))]);
    await repository.markCancelRequested(
      tx,
      sent.map(({ id }) => id),
      { by: actorOf(ctx).id, at: now },
    );
    const prepared = sent
      .filter(({ serverId }) => !numbered.get(serverId)?.revoked)
      .map((command) => ({ intent: cancelIntent(ctx, command, numbered) }));
    if (prepared.length === 0) return tx.audit(record);
    issuer.queueCancels(tx, ctx, { prepared, record });
    tx.afterCommit(() => {
      for (const { intent } of prepared) bus.publish(`queue:${intent.serverId}`);
    });
  }
}

function cancelIntent(
  ctx: WorkspaceContext,
  command: CommandEntity,
  numbered: ReadonlyMap<string, NumberedServer>,
): CancelIntent {
  const server = numbered.get(command.serverId);
  if (!server) throw new Error('A server was not numbered');
  const now = ctx.now();
  const expiresAt = new Date(now.getTime() + ENVELOPE_LIMITS.maxLifetimeMs);
  return {
    ...instructionFields(ctx, { id: uuidv7(), server, now, expiresAt }),
    kind: 'cancel',
    scopes: [],
    arguments: { commandId: command.id },
  };
}
