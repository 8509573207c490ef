import type { CommandRunEntity } from '@pilothouse/db';
import { RUN_LIMITS, type CommandState } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Database, Transaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import type { Page } from '../../kernel/graphql/connection.js';
import { checkIdempotencyKey } from '../../kernel/idempotency-key.js';
import { isId } from '../../kernel/ids.js';
import { isStorable } from '../../kernel/storable-text.js';
import { systemContext, type RequestContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { planChoice, type CommandChoice } from './command.choice.js';
import { checkExpiry, type CommandPlan } from './command.plan.js';
import { actorOf, type CommandIssuer } from './command.issuer.js';
import { AlreadyFinished, NoTargets, QueueFull, ScopeMissing, TooManyTargets } from './command.refusals.js';
import type { CommandRepository } from './command.repository.js';
import { auditDetail, type CommandService, type WhenOffline } from './command.service.js';
import { nextStep, type RunStep } from './run.progress.js';
import type { RunRepository } from './run.repository.js';
import { storedArguments } from './stored-arguments.js';
import type { StandingRights } from './standing.rights.js';
import type { TargetExpression, TargetResolver, TargetServer } from './targets.port.js';
import type { TemplateSource } from './templates.port.js';

export interface StartRunRequest extends CommandChoice {
  target: TargetExpression;
  batchSize?: number | null;
  canarySize?: number | null;
  batchPauseMs?: number | null;
  maxFailures?: number | null;
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
  issuer: CommandIssuer;
  targets: TargetResolver;
  commands: CommandService;
  templates: TemplateSource;
  standing: StandingRights;
}

const optionsSchema = z.object({
  batchSize: z
    .int()
    .min(1, 'batchSize must be at least 1')
    .max(RUN_LIMITS.maxBatchSize, `batchSize must be at most ${RUN_LIMITS.maxBatchSize}`),
  canarySize: z
    .int()
    .min(0, 'canarySize must not be negative')
    .max(RUN_LIMITS.maxBatchSize, `canarySize must be at most ${RUN_LIMITS.maxBatchSize}`),
  batchPauseMs: z
    .int()
    .min(0, 'batchPauseMs must not be negative')
    .max(RUN_LIMITS.maxBatchPauseMs, `batchPauseMs must be at most ${RUN_LIMITS.maxBatchPauseMs}`),
  maxFailures: z.int().min(1, 'maxFailures must be at least 1').nullable(),
});

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
    return this.parts.database.write(ctx, async (tx) => {
      const { runs, repository, issuer, bus } = this.parts;
      const earlier = idempotencyKey ? await runs.findByIdempotencyKey(tx, actorOf(ctx).id, idempotencyKey) : null;
      if (earlier) return earlier;
      const { plan, template } = await planned(tx);
      const chosen = await this.choose(ctx, tx, {
        target: request.target,
        plan,
        whenOffline: request.whenOffline ?? 'SKIP',
      });
      if (!('servers' in chosen)) return chosen;
      const { servers, skipped } = chosen;
      const runId = uuidv7();
      await runs.insert(tx, {
        id: runId,
        workspaceId: ctx.workspaceId,
        state: 'RUNNING',
        arguments: storedArguments(plan.arguments),
        target: request.target,
        serverCount: servers.length,
        skippedServerIds: skipped.map(({ id }) => id),
        batchSize: options.batchSize,
        batchPauseMs: options.batchPauseMs,
        maxFailures: options.maxFailures,
        actorKind: ctx.actor.kind,
        actorId: actorOf(ctx).id,
        idempotencyKey,
        createdAt: ctx.now(),
      });
      const numbered = await repository.numberInstructions(
        tx,
        servers.map(({ id }) => id),
      );
      const prepared = await issuer.prepareCommands(tx, ctx, {
        plan,
        servers: servers.flatMap(({ id }) => numbered.get(id) ?? []),
        expiresInMs,
        idempotencyKey: null,
        rerunOf: null,
        run: { id: runId, batchOf: (index) => batchOf(index, options) },
      });
      tx.changed('RUN', runId);
      const rows = prepared.map(({ row }) => row);
      issuer.signOnCommit(tx, ctx, {
        intents: prepared.map(({ intent }) => intent),
        record: {
          action: 'run-started',
          target: { kind: 'RUN', id: runId },
          detail: {
            servers: servers.length,
            skipped: skipped.length,
            target: request.target,
            ...(template && { template }),
            ...auditDetail(plan),
          },
        },
        store: (envelopes) => repository.storeEnvelopes(tx, rows, envelopes),
      });
      tx.afterCommit(() => {
        for (const { row } of prepared) if (!row.held) bus.publish(`queue:${row.serverId}`);
      });
      return this.mustFind(tx, runId);
    });
  }

  /** Takes back what was not sent and cancels the rest. */
  async stop(ctx: WorkspaceContext, runId: string): Promise<CommandRunEntity | AlreadyFinished> {
    if (!isId(runId)) throw notFound('The run');
    const run = await this.parts.database.write(ctx, async (tx) => {
      const { runs, repository, commands, targets } = this.parts;
      const locked = await runs.lock(tx, runId);
      if (!locked) throw notFound('The run');
      if (locked.state === 'FINISHED' || locked.state === 'STOPPED') return AlreadyFinished.of(runId, locked.state);
      await repository.lockServers(tx, await repository.findOpenServers(tx, runId));
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
      await commands.cancelLocked(ctx, tx, {
        commands: open,
        record: { action: 'run-stopped', target: { kind: 'RUN', id: runId }, detail: { open: open.length } },
        reason: 'The run was stopped before this command was sent',
      });
      return this.mustFind(tx, runId);
    });
    if (run instanceof AlreadyFinished) return run;
    await this.advance(ctx.workspaceId, runId);
    return this.get(ctx, runId);
  }

  /**
   * Takes a run's next step: releases a batch, stops after too many failures, or ends it. Idempotent, and safe to call
   * from several replicas at once.
   */
  async advance(workspaceId: string, runId: string): Promise<void> {
    const { database, runs, repository, bus } = this.parts;
    const ctx = systemContext(workspaceId, 'advance-run');
    await database.write(ctx, async (tx) => {
      const run = await runs.lock(tx, runId);
      if (!run) return;
      const step = await this.ifStillAllowed(ctx, tx, {
        run,
        step: nextStep(run, await runs.progress(tx, runId), ctx.now()),
      });
      if (step.do === 'wait') return;
      tx.changed('RUN', runId);
      if (step.do === 'pause') return runs.update(tx, runId, { nextBatchAt: step.until });
      if (step.do === 'end') return runs.update(tx, runId, { state: step.state, finishedAt: ctx.now() });
      if (step.do === 'release') {
        const serverIds = await runs.release(tx, runId, step.batch);
        tx.afterCommit(() => serverIds.forEach((id) => bus.publish(`queue:${id}`)));
        return;
      }
      const open = await repository.lockOpenOfRun(tx, runId);
      const withdrawn = await repository.withdraw(
        tx,
        open.filter(({ held }) => held).map(({ id }) => id),
        { reason: step.reason, at: ctx.now() },
      );
      for (const id of withdrawn) tx.changed('COMMAND', id);
      const over = withdrawn.length === open.length;
      await runs.update(tx, runId, {
        state: over ? 'STOPPED' : 'STOPPING',
        stopReason: step.reason,
        ...(over && { finishedAt: ctx.now() }),
      });
    });
  }

  /** No batch is released for somebody who may not run commands on its servers any more: the run stops instead. */
  private async ifStillAllowed(
    ctx: WorkspaceContext,
    tx: Transaction,
    { run, step }: { run: CommandRunEntity; step: RunStep },
  ): Promise<RunStep> {
    if (step.do !== 'release') return step;
    const serverIds = await this.parts.runs.heldServers(tx, run.id, step.batch);
    const barred = await this.parts.standing.barred(ctx, tx, { issuer: run, serverIds });
    if (barred.length === 0) return step;
    return { do: 'withdraw', reason: 'Whoever started the run may no longer run commands on all of its servers' };
  }

  /** Takes the next step of every run that is not over, in all workspaces. @throws after the others had their turn. */
  async advanceAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const { workspaceId, id } of await this.parts.runs.findUnfinished(this.parts.database)) {
      await this.advance(workspaceId, id).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} runs could not go on`);
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

  private async choose(
    ctx: WorkspaceContext,
    tx: Transaction,
    { target, plan, whenOffline }: { target: TargetExpression; plan: CommandPlan; whenOffline: WhenOffline },
  ): Promise<{ servers: TargetServer[]; skipped: TargetServer[] } | StartRunRefusal> {
    const { servers: online, offline, notReady } = sortTargets(await this.resolve(ctx, tx, target));
    const servers = whenOffline === 'DELIVER' ? [...online, ...offline].sort(byName) : online;
    if (servers.length === 0) return NoTargets.of(offline.length);
    if (servers.length > RUN_LIMITS.maxServers) return TooManyTargets.of(servers.length);
    for (const server of servers) {
      const missing = plan.scopes.filter((scope) => !server.scopes.includes(scope));
      if (missing.length > 0) return ScopeMissing.of(server, missing);
    }
    const full = await this.parts.repository.findFullQueues(
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

type Options = z.infer<typeof optionsSchema>;

function checkOptions(request: StartRunRequest): Options {
  const parsed = optionsSchema.safeParse({
    batchSize: request.batchSize ?? RUN_LIMITS.maxBatchSize,
    canarySize: request.canarySize ?? 0,
    batchPauseMs: request.batchPauseMs ?? 0,
    maxFailures: request.maxFailures ?? null,
  });
  if (parsed.success) return parsed.data;
  throw new Fault(
    'BAD_USER_INPUT',
    `The run is not acceptable: ${parsed.error.issues[0]?.message ?? 'unknown reason'}.`,
  );
}

/** The canary servers are batch 0; the others follow in batches of the given size. */
function batchOf(index: number, { batchSize, canarySize }: Options): number {
  if (canarySize === 0) return Math.floor(index / batchSize);
  return index < canarySize ? 0 : 1 + Math.floor((index - canarySize) / batchSize);
}
