import type { Grant, Role } from '../../kernel/authorisation/index.js';
import type { Database, Transaction } from '../../kernel/database/index.js';
import { systemContext, type WorkspaceContext } from '../../kernel/request-context.js';
import type { CommandRepository } from './command.repository.js';
import type { TargetResolver } from './targets.port.js';

/** Who had something queued, as its row names them. */
export interface Issuer {
  actorKind: string;
  actorId: string;
}

const REASON = 'Whoever queued it may no longer run commands on this server';

/**
 * The rights of those who had something queued, as they are now. What waits is signed for up to a week: whoever has
 * left, was disabled, or has lost a role, a grant or a token since must not go on acting through it.
 */
export class StandingRights {
  constructor(private readonly parts: { database: Database; repository: CommandRepository; targets: TargetResolver }) {}

  /** Those of the servers on which the issuer may not run commands any more. */
  async barred(
    ctx: WorkspaceContext,
    tx: Transaction,
    { issuer, serverIds }: { issuer: Issuer; serverIds: readonly string[] },
  ): Promise<readonly string[]> {
    const rights = await findRights(tx, ctx.workspaceId, issuer);
    if (!rights) return serverIds;
    const target = { serverIds };
    const servers = await this.parts.targets.resolve({ ...ctx, ...rights }, tx, { target, action: 'commands.run' });
    const open = new Set(servers.map(({ id }) => id));
    return serverIds.filter((id) => !open.has(id));
  }

  /** Takes back what has waited for a server on behalf of somebody who may not run commands there any more. */
  async recheckQueue(workspaceId: string, serverId: string): Promise<void> {
    const { database, repository } = this.parts;
    const ctx = systemContext(workspaceId, 'recheck-queue');
    await database.write(ctx, async (tx) => {
      for (const { ids, ...issuer } of await repository.findUnsent(tx, serverId)) {
        if ((await this.barred(ctx, tx, { issuer, serverIds: [serverId] })).length === 0) continue;
        const withdrawn = await repository.withdraw(tx, ids, { reason: REASON, at: ctx.now() });
        for (const id of withdrawn) tx.changed('COMMAND', id);
        tx.audit({
          action: 'commands-withdrawn',
          target: { kind: 'SERVER', id: serverId },
          detail: { ...issuer, commands: withdrawn.length },
        });
      }
    });
  }
}

/** What an issuer may do in the workspace; null when their token, account or membership has ended. */
async function findRights(
  tx: Transaction,
  workspaceId: string,
  { actorKind, actorId }: Issuer,
): Promise<{ role: Role; grants: Grant[] } | null> {
  const rows: { role: Role; grants: Grant[] }[] = await tx.manager.query(
    `select r.role, r.grants from users u cross join lateral rights_of(u.id, $1::uuid) r
      where u.disabled_at is null
        and u.id = case when $2 = 'USER' then $3::uuid
                        else (select t.user_id from api_tokens t where t.id = $3::uuid and t.revoked_at is null) end`,
    [workspaceId, actorKind, actorId],
  );
  return rows[0] ?? null;
}
