import type { CommandRunEntity } from '@pilothouse/db';
import { RUN_LIMITS, type CommandState } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Transaction, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import type { Page } from '../../kernel/graphql/connection.js';
import { checkIdempotencyKey } from '../../kernel/idempotency-key.js';
import { isId } from '../../kernel/ids.js';
import { isStorable } from '../../kernel/storable-text.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { CommandCanceller } from './command.canceller.js';
import { planChoice, type CommandChoice } from './command.choice.js';
import { actorOf, type CommandIssuer } from './command.issuer.js';
import { auditDetail, checkExpiry, type CommandPlan } from './command.plan.js';
import { AlreadyFinished, NoTargets, QueueFull, ScopeMissing, TooManyTargets } from './command.refusals.js';
import type { CommandRepository } from './command.repository.js';
import type { InstructionRepository, PreparedCommand } from './instruction.repository.js';
import type { WhenOffline } from './command.service.js';
import type { RunAdvancer } from './run.advancer.js';
import { batchOf, checkOptions, type RunOptions, type RunOptionsRequest } from './run.options.js';
import type { RunRepository } from './run.repository.js';
import { storedArguments } from './stored-arguments.js';
import type { TargetExpression } from '../servers/index.js';
import type { TargetResolver, TargetServer } from './targets.port.js';
import type { TemplateSource } from './templates.port.js';

export interface StartRunRequest extends CommandChoice, RunOptionsRequest {
  target: TargetExpression;
  whenOffline?: WhenOffline | null;
  expiresInMs?: number | null;
  idempotencyKey?: string | null;
}

export type StartRunRefusal = NoTargets | TooManyTargets | ScopeMissing | QueueFull;

/** How many commands of a run are in one state. */
export interface RunStateCount {
  runId: string;
  state: CommandState;
  count: number;
}

/** Which servers a run would reach, and which it would leave out. */
export interface RunPreview {
  servers: TargetServer[];
  offline: TargetServer[];
  /** Revoked or not enrolled yet. */
  notReady: TargetServer[];
}

export interface RunServiceParts {
  database: Database;
  bus: EventBus;
  runs: RunRepository;
  repository: CommandRepository;
  instructions: InstructionRepository;
  issuer: CommandIssuer;
  targets: TargetResolver;
  canceller: CommandCanceller;
  advancer: RunAdvancer;
  templates: TemplateSource;
}

/** A run that is about to start, with everything checked. */
interface NewRun extends ChosenServers {
  id: string;
  target: TargetExpression;
  plan: CommandPlan;
  options: RunOptions;
  expiresInMs: number;
  idempotencyKey: string | null;
}

interface ChosenServers {
  servers: TargetServer[];
  skipped: TargetServer[];
}

/** One command on many servers, in batches, stopping on failures. */
export class RunService {
  constructor(private readonly parts: RunServiceParts) {}

  preview(ctx: WorkspaceContext, target: TargetExpression): Promise<RunPreview> {
    return this.parts.database.read(ctx, async (tx) => sortTargets(await this.resolve(ctx, tx, target)));
  }

  async start(ctx: WorkspaceContext, request: StartRunRequest): Promise<CommandRunEntity | StartRunRefusal> {
    if (!isStorable(request.target)) {
      throw new Fault('BAD_USER_INPUT', 'The target contains a NUL byte or half a character.');
    }
    const planned = planChoice(request, this.parts.templates);
    const options = checkOptions(request);
    const expiresInMs = checkExpiry(request.expiresInMs);
    const idempotencyKey = request.idempotencyKey == null ? null : checkIdempotencyKey(request.idempotencyKey);
    const outcome = await this.parts.database.write(ctx, async (tx) => {
      const { runs, issuer, bus } = this.parts;
      const earlier = idempotencyKey ? await runs.findByIdempotencyKey(tx, actorOf(ctx).id, idempotencyKey) : null;
      if (earlier) return earlier;
      const command = await planned(tx);
      if (command instanceof Fault) return command;
      const { plan, template } = command;
      const { target, whenOffline } = request;
      const chosen = await this.choose(ctx, tx, { target, plan, whenOffline: whenOffline ?? 'SKIP' });
      if (!('servers' in chosen)) return chosen;
      const run = { id: uuidv7(), target, plan, options, expiresInMs, idempotencyKey, ...chosen };
      await this.insert(ctx, tx, run);
      const prepared = await this.prepare(ctx, tx, run);
      tx.changed('RUN', run.id);
      const counts = { servers: run.servers.length, skipped: run.skipped.length };
      issuer.queueCommands(tx, ctx, {
        prepared,
        record: {
          action: 'run-started',
          target: { kind: 'RUN', id: run.id },
          detail: { ...counts, target, ...(template && { template }), ...auditDetail(plan) },
        },
      });
      tx.afterCommit(() => {
        for (const { row } of prepared) if (!row.held) bus.publish(`queue:${row.serverId}`);
      });
      return this.mustFind(tx, run.id);
    });
    if (outcome instanceof Fault) throw outcome;
    return outcome;
  }

  /** Takes back what was not sent and cancels the rest. */
  async stop(ctx: WorkspaceContext, runId: string): Promise<CommandRunEntity | AlreadyFinished> {
    if (!isId(runId)) throw notFound('The run');
    const run = await this.parts.database.write(ctx, async (tx) => {
      const { runs, repository, instructions, canceller, targets } = this.parts;
      const locked = await runs.lock(tx, runId);
      if (!locked) throw notFound('The run');
      if (locked.state === 'FINISHED' || locked.state === 'STOPPED') return AlreadyFinished.of(runId, locked.state);
      await instructions.lockServers(tx, await repository.findOpenServers(tx, runId));
      const open = await repository.lockOpenOfRun(tx, runId);
      const allowed = await targets.resolve(ctx, tx, {
        target: { serverIds: open.map(({ serverId }) => serverId) },
        action: 'commands.run',
      });
      const allowedIds = new Set(allowed.map(({ id }) => id));
      if (open.some(({ serverId }) => !allowedIds.has(serverId))) {
        throw new Fault(
          'FORBIDDEN',
          'The run has servers on which you may not run commands. Cancel single commands instead.',
        );
      }
      await runs.update(tx, runId, { state: 'STOPPING', stopReason: 'Stopped by a person', nextBatchAt: null });
      tx.changed('RUN', runId);
      await canceller.cancel(ctx, tx, {
        commands: open,
        record: { action: 'run-stopped', target: { kind: 'RUN', id: runId }, detail: { open: open.length } },
        reason: 'The run was stopped before this command was sent',
      });
      return this.mustFind(tx, runId);
    });
    if (run instanceof AlreadyFinished) return run;
    await this.parts.advancer.advance(ctx.workspaceId, runId);
    return this.get(ctx, runId);
  }

  async get(ctx: WorkspaceContext, runId: string): Promise<CommandRunEntity> {
    const run = isId(runId) ? await this.parts.database.read(ctx, (tx) => this.parts.runs.find(tx, runId)) : null;
    if (!run) throw notFound('The run');
    return run;
  }

  list(ctx: WorkspaceContext, page: { first: number; after: string | null }): Promise<Page<CommandRunEntity>> {
    return this.parts.database.read(ctx, (tx) => this.parts.runs.list(tx, page));
  }

  /** Commands by state, for each of the runs. */
  async progressOf(ctx: RequestContext, runIds: readonly string[]): Promise<RunStateCount[][]> {
    const counts = await this.parts.database.read(ctx, (tx) => this.parts.repository.countStates(tx, runIds));
    return runIds.map((runId) => counts.filter((count) => count.runId === runId));
  }

  private insert(ctx: WorkspaceContext, tx: Transaction, run: NewRun): Promise<void> {
    const { id, target, plan, options, idempotencyKey, servers, skipped } = run;
    return this.parts.runs.insert(tx, {
      id,
      workspaceId: ctx.workspaceId,
      state: 'RUNNING',
      arguments: storedArguments(plan.arguments),
      target,
      serverCount: servers.length,
      skippedServerIds: skipped.map((server) => server.id),
      batchSize: options.batchSize,
      batchPauseMs: options.batchPauseMs,
      maxFailures: options.maxFailures,
      actorKind: ctx.actor.kind,
      actorId: actorOf(ctx).id,
      idempotencyKey,
      createdAt: ctx.now(),
    });
  }

  /** The run's commands, numbered; those of later batches are held. */
  private async prepare(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    { id, plan, options, expiresInMs, servers }: NewRun,
  ): Promise<PreparedCommand[]> {
    const serverIds = servers.map((server) => server.id);
    const numbered = await this.parts.instructions.numberInstructions(tx, serverIds);
    return this.parts.issuer.prepareCommands(ctx, {
      plan,
      servers: serverIds.flatMap((serverId) => numbered.get(serverId) ?? []),
      expiresInMs,
      idempotencyKey: null,
      rerunOf: null,
      run: { id, batchOf: (index) => batchOf(index, options) },
    });
  }

  private async choose(
    ctx: WorkspaceContext,
    tx: Transaction,
    { target, plan, whenOffline }: { target: TargetExpression; plan: CommandPlan; whenOffline: WhenOffline },
  ): Promise<ChosenServers | StartRunRefusal> {
    const { servers: online, offline, notReady } = sortTargets(await this.resolve(ctx, tx, target));
    const servers = whenOffline === 'DELIVER' ? [...online, ...offline].sort(byName) : online;
    if (servers.length === 0) return NoTargets.of(offline.length);
    if (servers.length > RUN_LIMITS.maxServers) return TooManyTargets.of(servers.length);
    for (const server of servers) {
      const missing = plan.scopes.filter((scope) => !server.scopes.includes(scope));
      if (missing.length > 0) return ScopeMissing.of(server, missing);
    }
    const full = await this.parts.instructions.findFullQueues(
      tx,
      servers.map(({ id }) => id),
    );
    const [crowded] = servers.filter(({ id }) => full.has(id));
    if (crowded) return QueueFull.of(crowded);
    return { servers, skipped: whenOffline === 'DELIVER' ? notReady : [...notReady, ...offline] };
  }

  private resolve(ctx: WorkspaceContext, tx: Transaction, target: TargetExpression): Promise<TargetServer[]> {
    return this.parts.targets.resolve(ctx, tx, { target, action: 'commands.run' });
  }

  private async mustFind(tx: Transaction, runId: string): Promise<CommandRunEntity> {
    const run = await this.parts.runs.find(tx, runId);
    if (!run) throw new Error('A run vanished inside its own transaction');
    return run;
  }
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

function sortTargets(targets: readonly TargetServer[]): RunPreview {
  const sorted = [...targets].sort(byName);
  const ready = sorted.filter(({ revoked, pending }) => !revoked && !pending);
  return {
    servers: ready.filter(({ online }) => online),
    offline: ready.filter(({ online }) => !online),
    notReady: sorted.filter(({ revoked, pending }) => revoked || pending),
  };
}
