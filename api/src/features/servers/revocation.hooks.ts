import type { WriteTransaction } from '../../kernel/database/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';

/** Told, inside the transaction, that what was signed for a server is void from now on. */
export type RevocationHook = (ctx: WorkspaceContext, tx: WriteTransaction, serverId: string) => Promise<void>;

/** What else happens when a server's generation rises: it was revoked, or another agent was enrolled for it. */
export class RevocationHooks {
  private readonly hooks: RevocationHook[] = [];

  add(hook: RevocationHook): void {
    this.hooks.push(hook);
  }

  async run(ctx: WorkspaceContext, tx: WriteTransaction, serverId: string): Promise<void> {
    for (const hook of this.hooks) await hook(ctx, tx, serverId);
  }
}
