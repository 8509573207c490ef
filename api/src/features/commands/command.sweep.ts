import type { Database } from '../../kernel/database/index.js';
import { systemContext } from '../../kernel/request-context.js';
import type { ReportParts } from './report.service.js';

/** Gives every command whose lease or deadline has lapsed its final state. Safe to run anywhere, at any time. */
export class CommandSweep {
  constructor(
    private readonly parts: Pick<ReportParts, 'repository' | 'bus' | 'onRunProgress'> & { database: Database },
  ) {}

  /** @returns how many commands were ended. */
  async run(now = new Date()): Promise<number> {
    const { database, repository, bus, onRunProgress } = this.parts;
    let ended = 0;
    for (const { workspaceId, id } of await repository.findOverdue(database, now)) {
      const moved = await database.write(systemContext(workspaceId, 'sweep-commands'), async (tx) => {
        const expired = await repository.expire(tx, id, now);
        if (expired) tx.changed('COMMAND', id);
        return expired;
      });
      if (!moved) continue;
      ended += 1;
      bus.publish(`output:${id}`);
      if (moved.runId !== null) onRunProgress(workspaceId, moved.runId);
    }
    return ended;
  }
}
