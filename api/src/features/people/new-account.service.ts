import { v7 as uuidv7 } from 'uuid';
import type { WriteTransaction } from '../../kernel/database/index.js';
import { emailText, nameText } from '../../kernel/input-text.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { AccountRepository } from './account.repository.js';
import { actingAs } from './acting-as.js';
import type { PasswordHasher } from './password.hasher.js';
import { newPassword } from './password.rules.js';
import { overHttp, type SessionService } from './session.service.js';
import type { SessionClient } from './session.types.js';
import type { SignedIn } from './sign-in.types.js';

/** An account whose input is checked and whose password is hashed; nothing is stored yet. */
export interface PreparedAccount {
  userId: string;
  sessionId: string;
  email: string;
  displayName: string;
  passwordHash: string;
  client: SessionClient;
}

/** Opens accounts for people whom another feature lets in. */
export class NewAccountService {
  constructor(
    private readonly parts: { accounts: AccountRepository; hasher: PasswordHasher; sessionService: SessionService },
  ) {}

  /** @throws BAD_USER_INPUT, UNAVAILABLE */
  async prepare(
    ctx: RequestContext,
    wanted: { email: string; displayName: string; password: string; client: SessionClient },
  ): Promise<PreparedAccount> {
    overHttp(ctx);
    const email = emailText(wanted.email);
    const displayName = nameText(wanted.displayName, 'Your name');
    const passwordHash = await this.parts.hasher.hash(newPassword(wanted.password, email));
    return { userId: uuidv7(), sessionId: uuidv7(), email, displayName, passwordHash, client: wanted.client };
  }

  /** The request as made by the person to be, in a workspace: what the transaction of `open` must run as. */
  contextOf(ctx: RequestContext, { userId, sessionId }: PreparedAccount, workspaceId: string): RequestContext {
    return actingAs(ctx, { userId, sessionId, workspaceId });
  }

  /**
   * Stores the account and begins its first session.
   *
   * @returns what hands the session over once the transaction is durable; undefined, with nothing stored, when somebody
   * has the address already.
   */
  async open(
    ctx: RequestContext,
    tx: WriteTransaction,
    account: PreparedAccount,
  ): Promise<(() => SignedIn) | undefined> {
    const { userId, sessionId, email, displayName, passwordHash, client } = account;
    const at = ctx.now();
    const row = { id: userId, email, displayName, passwordHash, passwordChangedAt: at, createdAt: at };
    if (!(await this.parts.accounts.insert(tx, row))) return undefined;
    const session = { id: sessionId, userId, client, secondFactor: false };
    const begun = await this.parts.sessionService.begin(ctx, tx, session);
    return () => this.parts.sessionService.handOver(ctx, begun);
  }
}
