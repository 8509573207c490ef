import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { systemContext } from '../../kernel/request-context.js';
import type { DeliveryEpoch, DeliveryRepository, TakenBack } from './delivery.repository.js';

const REASON = 'Whoever queued it may no longer run it on this server';

interface StandingRightsParts {
  database: Database;
  bus: EventBus;
  deliveries: DeliveryRepository;
  /** Told, after commit, that a command of this run has ended. */
  onRunProgress: (workspaceId: string, runId: string) => void;
}

/**
 * The rights of those who had something queued, as they are now. What waits is signed for up to a week: whoever has
 * left, was disabled, or has lost a role, a grant or a token since must not go on acting through it.
 */
export class StandingRights {
  constructor(private readonly parts: StandingRightsParts) {}

  /** Takes back, on record, what a connected agent is not sent because its issuer or its server's scopes are in the way. */
  async takeBack(workspaceId: string, epoch: DeliveryEpoch): Promise<void> {
    const { database, bus, deliveries, onRunProgress } = this.parts;
    const ctx = systemContext(workspaceId, 'recheck-queue');
    const { serverId } = epoch;
    await database.write(ctx, async (tx) => {
      const commands = await deliveries.takeBack(tx, epoch, { reason: REASON, at: ctx.now() });
      for (const { actorKind, actorId, count } of byIssuer(commands)) {
        tx.audit({
          action: 'commands-withdrawn',
          target: { kind: 'SERVER', id: serverId },
          detail: { actorKind, actorId, commands: count },
        });
      }
      for (const { id, runId } of commands) {
        tx.changed('COMMAND', id);
        tx.afterCommit(() => {
          bus.publish(`output:${id}`);
          if (runId !== null) onRunProgress(workspaceId, runId);
        });
      }
    });
  }
}

function byIssuer(commands: readonly TakenBack[]): (Pick<TakenBack, 'actorKind' | 'actorId'> & { count: number })[] {
  const issuers = new Map<string, Pick<TakenBack, 'actorKind' | 'actorId'> & { count: number }>();
  for (const { actorKind, actorId } of commands) {
    const { count } = issuers.get(actorId) ?? { count: 0 };
    issuers.set(actorId, { actorKind, actorId, count: count + 1 });
  }
  return [...issuers.values()];
}
