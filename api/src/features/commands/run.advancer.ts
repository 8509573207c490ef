import type { CommandRunEntity } from '@pilothouse/db';
import type { Database, Transaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { systemContext, type WorkspaceContext } from '../../kernel/request-context.js';
import type { CommandRepository } from './command.repository.js';
import { nextStep, type RunStep } from './run.progress.js';
import type { RunRepository } from './run.repository.js';

export interface RunAdvancerParts {
  database: Database;
  bus: EventBus;
  runs: RunRepository;
  repository: CommandRepository;
}

/** Takes runs on from batch to batch, to their end. */
export class RunAdvancer {
  constructor(private readonly parts: RunAdvancerParts) {}

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

  /** Takes the next step of every run that is not over, in all workspaces. @throws after the others had their turn. */
  async advanceAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const { workspaceId, id } of await this.parts.runs.findUnfinished(this.parts.database)) {
      await this.advance(workspaceId, id).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} runs could not go on`);
  }

  /** No batch is released that may not be run on each of its servers any more: the run stops instead. */
  private async ifStillAllowed(
    ctx: WorkspaceContext,
    tx: Transaction,
    { run, step }: { run: CommandRunEntity; step: RunStep },
  ): Promise<RunStep> {
    if (step.do !== 'release') return step;
    const isBarred = await this.parts.runs.isBarred(tx, run.id, { batch: step.batch, now: ctx.now() });
    if (!isBarred) return step;
    return { do: 'withdraw', reason: 'Whoever started the run may no longer run it on all of its servers' };
  }
}
