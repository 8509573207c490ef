import type { AuditAction, AuditRecord, Database, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { emailText } from '../../kernel/input-text.js';
import { makeContext, type RequestContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import type { AccountRepository, FoundAccount } from './account.repository.js';
import { PasswordChanged, type Me } from './account.types.js';
import { asPerson } from './acting-as.js';
import type { ApiTokenRepository } from './api-token.repository.js';
import type { PasswordHasher } from './password.hasher.js';
import { newPassword } from './password.rules.js';
import type { SecondFactorRepository } from './second-factor.repository.js';
import type { SessionRepository } from './session.repository.js';
import { toSession, type SessionService } from './session.service.js';

export interface AccountParts {
  database: Database;
  bus: EventBus;
  hasher: PasswordHasher;
  accounts: AccountRepository;
  sessions: SessionRepository;
  secondFactors: SecondFactorRepository;
  apiTokens: ApiTokenRepository;
  sessionService: SessionService;
  now: () => Date;
}

/** The caller's own account; and, for whoever holds the control plane's host, everybody's. */
export class AccountService {
  constructor(private readonly parts: AccountParts) {}

  me(ctx: RequestContext): Promise<Me> {
    const { id: userId, sessionId } = asPerson(ctx).actor;
    return this.parts.database.read(ctx, async (tx) => {
      const session = await this.parts.sessions.live(tx, { userId, sessionId });
      if (!session) throw new Fault('UNAUTHENTICATED', 'Sign in first.');
      const credential = await this.parts.secondFactors.find(tx, userId);
      return {
        person: await this.parts.sessions.person(tx, userId),
        session: toSession(session, { id: sessionId, now: ctx.now() }),
        totpEnabled: credential?.confirmedAt != null,
        recoveryCodesLeft: await this.parts.secondFactors.unusedRecoveryCodes(tx, userId),
      };
    });
  }

  /** Ends all other sessions: whoever knew the old password is out. @throws BAD_USER_INPUT, UNAVAILABLE */
  async changePassword(ctx: RequestContext, password: string): Promise<PasswordChanged> {
    const { id: userId, sessionId } = asPerson(ctx).actor;
    const { email } = await this.parts.database.read(ctx, (tx) => this.parts.sessions.person(tx, userId));
    const passwordHash = await this.parts.hasher.hash(newPassword(password, email));
    return this.parts.database.write(ctx, async (tx) => {
      await this.parts.accounts.setPassword(tx, { userId, passwordHash, at: ctx.now() });
      tx.audit({ action: 'password-changed', target: { kind: 'USER', id: userId }, installation: true });
      const sessionsEnded = await this.parts.sessionService.endOthers(ctx, tx, { userId, keep: sessionId });
      return Object.assign(new PasswordChanged(), { sessionsEnded });
    });
  }

  /**
   * Gives an account another password without the old one, takes its second factor away, enables it and ends its
   * sessions and API tokens: whoever had a hand on the account is out. For the operator on the control plane's own host;
   * no request reaches it.
   *
   * @throws NOT_FOUND, BAD_USER_INPUT
   */
  async recover(email: string, password: string, { keepApiTokens = false } = {}): Promise<void> {
    const account = await this.accountOf(email);
    const passwordHash = await this.parts.hasher.hash(newPassword(password, emailText(email)));
    await this.onHost('owner-recovered', account, async (tx, at) => {
      await this.parts.accounts.setPassword(tx, { userId: account.id, passwordHash, at });
      await this.parts.accounts.setDisabled(tx, account.id, null);
      await this.parts.secondFactors.remove(tx, account.id);
      const apiTokensEnded = keepApiTokens ? [] : await this.endApiTokens(tx, at);
      return { apiTokensEnded };
    });
  }

  /** Shuts an account out of everything, at once. For the operator on the control plane's own host. @throws NOT_FOUND */
  async disable(email: string): Promise<void> {
    const account = await this.accountOf(email);
    await this.onHost('account-disabled', account, async (tx, at) => {
      await this.parts.accounts.setDisabled(tx, account.id, at);
      return {};
    });
  }

  private async endApiTokens(tx: WriteTransaction, at: Date): Promise<string[]> {
    const ended = await this.parts.apiTokens.endOwn(tx, at);
    await revoke(
      tx,
      this.parts.bus,
      ended.map((subjectId) => ({ kind: 'API_TOKEN', subjectId })),
    );
    return ended;
  }

  private async accountOf(email: string): Promise<FoundAccount> {
    const account = await this.parts.accounts.byEmail(emailText(email));
    if (!account) throw notFound('The account');
    return account;
  }

  private async onHost(
    action: AuditAction,
    { id: userId }: FoundAccount,
    change: (tx: WriteTransaction, at: Date) => Promise<NonNullable<AuditRecord['detail']>>,
  ): Promise<void> {
    const ctx = hostContext(userId, this.parts.now);
    await this.parts.database.write(ctx, async (tx) => {
      const detail = await change(tx, ctx.now());
      await this.parts.sessionService.endOthers(ctx, tx, { userId, keep: null });
      await revoke(tx, this.parts.bus, [{ kind: 'USER', subjectId: userId }]);
      tx.audit({ action, target: { kind: 'USER', id: userId }, detail });
    });
  }
}

function hostContext(userId: string, now: () => Date): RequestContext {
  return makeContext({
    requestId: 'host',
    actor: { kind: 'SYSTEM', id: null, job: 'operator-on-host', userId },
    workspaceId: null,
    role: null,
    grants: [],
    address: '',
    userAgent: '',
    credential: null,
    now,
  });
}
