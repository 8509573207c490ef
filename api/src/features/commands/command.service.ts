import { isFinal, type EnvelopeProblem } from '@pilothouse/protocol';
import type { CommandEntity } from '@pilothouse/db';
import { mayOnServer } from '../../kernel/authorisation/index.js';
import {
  allAnswered,
  Later,
  type Database,
  type Transaction,
  type WriteTransaction,
} from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import type { Page } from '../../kernel/graphql/connection.js';
import { checkIdempotencyKey } from '../../kernel/idempotency-key.js';
import { isId } from '../../kernel/ids.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { CommandCanceller } from './command.canceller.js';
import { alteredFault, planChoice, type CommandChoice, type Planning } from './command.choice.js';
import { actorOf, type CommandIssuer } from './command.issuer.js';
import { auditDetail, checkExpiry, planAgain, type CommandPlan } from './command.plan.js';
import { AgentOffline, AlreadyFinished, QueueFull, ScopeMissing, ServerNotReady } from './command.refusals.js';
import type { CommandFilter, CommandRepository } from './command.repository.js';
import type { InstructionRepository } from './instruction.repository.js';
import type { RefusalAlarm } from './refusals.port.js';
import type { SignedCommands } from './signed-commands.js';
import type { TargetResolver, TargetServer } from './targets.port.js';
import type { TemplateSource } from './templates.port.js';

/** What happens with servers that are offline: a command hours later is a trap, so waiting is a choice. */
export type WhenOffline = 'SKIP' | 'DELIVER';

export interface RunCommandRequest extends CommandChoice {
  serverId: string;
  whenOffline?: WhenOffline | null;
  expiresInMs?: number | null;
  idempotencyKey?: string | null;
}

export type RunCommandRefusal = AgentOffline | ServerNotReady | ScopeMissing | QueueFull;

export interface CommandServiceParts {
  database: Database;
  bus: EventBus;
  repository: CommandRepository;
  instructions: InstructionRepository;
  signed: SignedCommands;
  alarm: RefusalAlarm;
  issuer: CommandIssuer;
  canceller: CommandCanceller;
  targets: TargetResolver;
  templates: TemplateSource;
}

/** Commands to single servers: run, cancel, run again, history. */
export class CommandService {
  constructor(private readonly parts: CommandServiceParts) {}

  /** Queues a signed command. The same idempotency key gives the same command again. */
  async run(ctx: WorkspaceContext, request: RunCommandRequest): Promise<CommandEntity | RunCommandRefusal> {
    return this.queue(ctx, { ...request, planned: planChoice(request, this.parts.templates), rerunOf: null });
  }

  /** Queues the same command again, as the caller, on the same server. */
  async rerun(
    ctx: WorkspaceContext,
    {
      commandId,
      ...options
    }: { commandId: string } & Pick<RunCommandRequest, 'whenOffline' | 'expiresInMs' | 'idempotencyKey'>,
  ): Promise<CommandEntity | RunCommandRefusal> {
    const original = await this.get(ctx, commandId);
    const signed = await this.parts.signed.find(original);
    return this.queue(ctx, {
      ...options,
      serverId: original.serverId,
      planned: async (tx) =>
        typeof signed === 'string'
          ? this.refuseAltered(ctx, tx, { command: original, problem: signed })
          : { plan: planAgain(signed), template: null },
      rerunOf: original.id,
    });
  }

  /**
   * Asks for an end. What was never sent is taken back at once; otherwise a signed cancel goes to the agent, and the
   * command is CANCELLED only when the agent says so.
   */
  async cancel(ctx: WorkspaceContext, commandId: string): Promise<CommandEntity | AlreadyFinished> {
    if (!isId(commandId)) throw notFound('The command');
    return this.parts.database.write(ctx, async (tx) => {
      const { repository, instructions } = this.parts;
      const known = await repository.find(tx, commandId);
      if (!known) throw notFound('The command');
      permitted(ctx, await this.findServer(ctx, tx, known.serverId));
      await instructions.lockServers(tx, [known.serverId]);
      const command = await repository.lock(tx, commandId);
      if (!command) throw notFound('The command');
      if (isFinal(command.state)) return AlreadyFinished.of(command.id, command.state);
      await this.parts.canceller.cancel(ctx, tx, {
        commands: [command],
        record: {
          action: 'command-cancelled',
          target: { kind: 'COMMAND', id: command.id },
          detail: { serverId: command.serverId },
        },
        reason: 'Cancelled before it was sent',
      });
      return this.reread(tx, command.id);
    });
  }

  async get(ctx: WorkspaceContext, commandId: string): Promise<CommandEntity> {
    const command = isId(commandId)
      ? await this.parts.database.read(ctx, (tx) => this.parts.repository.find(tx, commandId))
      : null;
    if (!command) throw notFound('The command');
    return command;
  }

  list(
    ctx: WorkspaceContext,
    filter: CommandFilter,
    page: { first: number; after: string | null },
  ): Promise<Page<CommandEntity>> {
    const foreign = [...(filter.serverIds ?? []), ...(filter.runId ? [filter.runId] : [])].some((id) => !isId(id));
    if (foreign) return Promise.resolve({ items: [], hasNextPage: false, endCursor: null });
    if (filter.search?.includes('\0')) throw new Fault('BAD_USER_INPUT', 'The search text contains a NUL byte.');
    return this.parts.database.read(ctx, (tx) => this.parts.repository.list(tx, filter, page));
  }

  /** Warns people and puts on record that a command is not what was signed any more. */
  private async refuseAltered(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    { command: { id, serverId }, problem }: { command: CommandEntity; problem: EnvelopeProblem },
  ): Promise<Fault> {
    tx.audit({
      action: 'command-rerun-refused',
      target: { kind: 'COMMAND', id },
      detail: { serverId, problem },
    });
    await this.parts.alarm.raise(ctx, tx, { serverId, commandId: id, problem });
    return alteredFault('The command was altered in the database since it was signed, and is not run again.');
  }

  private async queue(
    ctx: WorkspaceContext,
    request: Omit<RunCommandRequest, keyof CommandChoice> & {
      planned: Planning;
      rerunOf: string | null;
    },
  ): Promise<CommandEntity | RunCommandRefusal> {
    const { instructions, issuer, bus } = this.parts;
    const expiresInMs = checkExpiry(request.expiresInMs);
    const idempotencyKey = request.idempotencyKey == null ? null : checkIdempotencyKey(request.idempotencyKey);
    const outcome = await this.parts.database.write(ctx, async (tx) => {
      const [earlier, found] = await allAnswered([
        this.findEarlier(ctx, tx, idempotencyKey),
        this.findServer(ctx, tx, request.serverId),
      ]);
      if (earlier) return earlier;
      const server = permitted(ctx, found);
      // The server's row is locked from here on: the queue cannot grow between looking and adding.
      const [numbered, full] = await allAnswered([
        instructions.numberInstructions(tx, [server.id]),
        instructions.findFullQueues(tx, [server.id]),
      ]);
      const planned = await request.planned(tx);
      if (planned instanceof Fault) return planned;
      const { plan, template } = planned;
      const refusal = refuse(server, { plan, whenOffline: request.whenOffline ?? 'SKIP', full: full.has(server.id) });
      if (refusal) return refusal;
      const prepared = issuer.prepareCommands(ctx, {
        plan,
        servers: [...numbered.values()],
        expiresInMs,
        idempotencyKey,
        rerunOf: request.rerunOf,
      });
      const id = prepared[0]?.row.id ?? '';
      issuer.queueCommands(tx, ctx, {
        prepared,
        record: {
          action: 'command-queued',
          target: { kind: 'COMMAND', id },
          detail: { serverId: server.id, server: server.name, ...(template && { template }), ...auditDetail(plan) },
        },
      });
      tx.afterCommit(() => bus.publish(`queue:${server.id}`));
      return tx.atEnd(() => this.reread(tx, id));
    });
    if (outcome instanceof Fault) throw outcome;
    return outcome instanceof Later ? outcome.answer : outcome;
  }

  private async findEarlier(
    ctx: WorkspaceContext,
    tx: Transaction,
    idempotencyKey: string | null,
  ): Promise<CommandEntity | null> {
    if (idempotencyKey === null) return null;
    return this.parts.repository.findByIdempotencyKey(tx, actorOf(ctx).id, idempotencyKey);
  }

  /** The server, if the caller may read it. */
  private async findServer(ctx: WorkspaceContext, tx: Transaction, serverId: string): Promise<TargetServer | null> {
    if (!isId(serverId)) return null;
    const target = { serverIds: [serverId] };
    const [server] = await this.parts.targets.resolve(ctx, tx, { target, action: 'servers.read' });
    return server ?? null;
  }

  private async reread(tx: Transaction, id: string): Promise<CommandEntity> {
    const command = await this.parts.repository.find(tx, id);
    if (!command) throw new Error('A command vanished inside its own transaction');
    return command;
  }
}

/** The server, if the caller may run commands on it. @throws NOT_FOUND, FORBIDDEN */
function permitted(ctx: WorkspaceContext, server: TargetServer | null): TargetServer {
  if (!server) throw notFound('The server');
  if (!mayOnServer(ctx, 'commands.run', server)) {
    throw new Fault('FORBIDDEN', `You may not run commands on ${server.name}; an operator may.`);
  }
  return server;
}

function refuse(
  server: TargetServer,
  { plan, whenOffline, full }: { plan: CommandPlan; whenOffline: WhenOffline; full: boolean },
): RunCommandRefusal | null {
  if (server.revoked || server.pending) return ServerNotReady.of(server);
  const missing = plan.scopes.filter((scope) => !server.scopes.includes(scope));
  if (missing.length > 0) return ScopeMissing.of(server, missing);
  if (!server.online && whenOffline === 'SKIP') return AgentOffline.of(server);
  return full ? QueueFull.of(server) : null;
}
