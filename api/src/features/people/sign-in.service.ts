import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../kernel/database/index.js';
import { emailText } from '../../kernel/input-text.js';
import { networkOf } from '../../kernel/network-of.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { AccountRepository } from './account.repository.js';
import { actingAs, asPerson } from './acting-as.js';
import type { PasswordHasher } from './password.hasher.js';
import { triedPassword } from './password.rules.js';
import type { SecondFactorCheck } from './second-factor.check.js';
import type { SessionRepository } from './session.repository.js';
import { overHttp, type SessionService } from './session.service.js';
import { SecondFactorRefused, SecondFactorRequired, SignInRefused } from './sign-in.refusals.js';
import { SignedIn, type SignInInput, type StepUpInput } from './sign-in.types.js';

export interface SignInParts {
  database: Database;
  bus: EventBus;
  rateLimits: RateLimits;
  hasher: PasswordHasher;
  secondFactor: SecondFactorCheck;
  accounts: AccountRepository;
  sessions: SessionRepository;
  sessionService: SessionService;
}

export type SignInAnswer = SignedIn | SecondFactorRequired | SecondFactorRefused | SignInRefused;

/** Proves who somebody is: at the beginning of a session, and again before what is dangerous. */
export class SignInService {
  constructor(private readonly parts: SignInParts) {}

  /** @throws RATE_LIMITED by address and by account, UNAVAILABLE when too many sign in at once */
  async signIn(ctx: RequestContext, input: SignInInput): Promise<SignInAnswer> {
    overHttp(ctx);
    const email = emailText(input.email);
    const password = triedPassword(input.password);
    await this.parts.rateLimits.use('signInAddress', ctx.address);
    const network = networkOf(ctx.address);
    await this.parts.rateLimits.use('signInAccount', `${network} ${email}`);
    const account = await this.parts.accounts.byEmail(email);
    const isKnownThere = account?.addresses.some((address) => networkOf(address) === network) ?? false;
    if (!isKnownThere) await this.parts.rateLimits.use('signInAccountAnywhere', email);
    const isRight = await this.parts.hasher.verify(account?.passwordHash ?? null, password);
    if (!account || !isRight || account.disabledAt !== null) {
      await this.recordRefusal(ctx, { email, userId: account?.id ?? '' });
      return new SignInRefused();
    }
    return this.begin(ctx, account, input);
  }

  /** Renews the proof of a session that has begun; its token changes. */
  async stepUp(ctx: RequestContext, input: StepUpInput): Promise<SignInAnswer> {
    overHttp(ctx);
    const { actor } = asPerson(ctx);
    const password = triedPassword(input.password);
    await this.parts.rateLimits.use('signInAddress', ctx.address);
    await this.parts.rateLimits.use('stepUp', actor.id);
    const { passwordHash } = await this.parts.database.read(ctx, (tx) => this.parts.sessions.person(tx, actor.id));
    const target = { kind: 'USER', id: actor.id } as const;
    const isRight = await this.parts.hasher.verify(passwordHash, password);
    const answer = await this.parts.database.write(ctx, async (tx) => {
      const isHeld = isRight && (await this.parts.sessions.holdAccount(tx, actor.id, passwordHash));
      const factor = isHeld
        ? await this.parts.secondFactor.judge(tx, { userId: actor.id, given: input, now: ctx.now() })
        : new SignInRefused();
      if (typeof factor !== 'boolean') {
        tx.audit({ action: 'step-up-refused', target, detail: { reason: factor.code }, installation: true });
        return factor;
      }
      tx.audit({ action: 'stepped-up', target, installation: true });
      return this.parts.sessionService.rotate(ctx, tx);
    });
    return 'token' in answer ? this.parts.sessionService.handOver(ctx, answer) : answer;
  }

  private async begin(
    ctx: RequestContext,
    account: { id: string; passwordHash: string },
    input: SignInInput,
  ): Promise<SignInAnswer> {
    const userId = account.id;
    const session = { id: uuidv7(), userId, client: input.client };
    const person = actingAs(ctx, { userId, sessionId: session.id });
    const target = { kind: 'USER', id: userId } as const;
    const answer = await this.parts.database.write(person, async (tx) => {
      const isHeld = await this.parts.sessions.holdAccount(tx, userId, account.passwordHash);
      const factor = isHeld
        ? await this.parts.secondFactor.judge(tx, { userId, given: input, now: ctx.now() })
        : new SignInRefused();
      if (typeof factor !== 'boolean') {
        tx.audit({ action: 'sign-in-refused', target, detail: { reason: factor.code } });
        return factor;
      }
      tx.audit({ action: 'signed-in', target, detail: { client: input.client, secondFactor: factor } });
      await this.replaceOld(ctx, tx);
      return this.parts.sessionService.begin(person, tx, { ...session, secondFactor: factor });
    });
    return 'token' in answer ? this.parts.sessionService.handOver(person, answer) : answer;
  }

  /** Whoever signs in again as themselves with a session at hand leaves that session behind. */
  private async replaceOld(ctx: RequestContext, tx: Parameters<typeof revoke>[0]): Promise<void> {
    if (ctx.actor.kind !== 'USER') return;
    const { sessionId } = ctx.actor;
    if (await this.parts.sessions.end(tx, sessionId, ctx.now())) {
      await revoke(tx, this.parts.bus, [{ kind: 'SESSION', subjectId: sessionId }]);
    }
  }

  private async recordRefusal(
    ctx: RequestContext,
    { email, userId }: { email: string; userId: string },
  ): Promise<void> {
    await this.parts.database.write(ctx, async (tx) => {
      const detail = { email: maskedEmail(email), reason: 'SIGN_IN_REFUSED' };
      tx.audit({ action: 'sign-in-refused', target: { kind: 'USER', id: userId }, detail, installation: true });
    });
  }
}

/** Enough of an address to recognise one's own, too little to learn another's: people type passwords here. */
function maskedEmail(email: string): string {
  const [local = '', domain = ''] = email.split('@');
  return `${local.slice(0, 1)}…@${domain.slice(0, 1)}…`;
}
