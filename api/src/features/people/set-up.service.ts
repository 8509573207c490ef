import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../kernel/database/index.js';
import { emailText, nameText } from '../../kernel/input-text.js';
import { hashToken, normaliseCode, randomCode } from '../../kernel/random-token.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { actingAs } from './acting-as.js';
import type { PasswordHasher } from './password.hasher.js';
import { newPassword } from './password.rules.js';
import { overHttp, type SessionService } from './session.service.js';
import type { SetUpRepository } from './set-up.repository.js';
import { SetupRefused, SetupState, type CompleteSetupInput } from './set-up.types.js';
import type { SignedIn } from './sign-in.types.js';

export interface SetUpParts {
  database: Database;
  rateLimits: RateLimits;
  hasher: PasswordHasher;
  setUps: SetUpRepository;
  sessionService: SessionService;
}

/**
 * The first minutes of an installation: whoever can read the control plane's own console makes the owner. It closes for
 * ever in the transaction that does so.
 */
export class SetUpService {
  private readonly completedListeners: ((workspaceId: string) => void)[] = [];

  constructor(private readonly parts: SetUpParts) {}

  isCompleted(): Promise<boolean> {
    return this.parts.setUps.isCompleted();
  }

  /**
   * A fresh code `XXXX-XXXX-XXXX` to print, which replaces the one that was printed at the same place before; null once
   * there is an owner.
   */
  async offerCode(place = 'console'): Promise<string | null> {
    const code = randomCode();
    return (await this.parts.setUps.offer(hashToken(normaliseCode(code)), place)) ? code : null;
  }

  /** Tells once the owner and the first workspace exist. */
  onCompleted(listener: (workspaceId: string) => void): void {
    this.completedListeners.push(listener);
  }

  /** Whether the code is one that was printed last; it is not spent. @throws RATE_LIMITED */
  async check(ctx: RequestContext, code: string): Promise<SetupState | SetupRefused> {
    await this.parts.rateLimits.use('signInAddress', ctx.address);
    if (await this.parts.setUps.isRight(hashToken(normaliseCode(code)))) {
      return Object.assign(new SetupState(), { completed: false });
    }
    return this.refuse(ctx);
  }

  /** @throws BAD_USER_INPUT, RATE_LIMITED */
  async complete(ctx: RequestContext, input: CompleteSetupInput): Promise<SignedIn | SetupRefused> {
    overHttp(ctx);
    await this.parts.rateLimits.use('signInAddress', ctx.address);
    const email = emailText(input.email);
    const names = {
      displayName: nameText(input.displayName, 'Your name'),
      workspaceName: nameText(input.workspaceName, 'The name of the workspace'),
    };
    const password = newPassword(input.password, email);
    if (await this.parts.setUps.isCompleted()) return SetupRefused.of(true);
    const passwordHash = await this.parts.hasher.hash(password);
    const owner = { userId: uuidv7(), workspaceId: uuidv7(), email, passwordHash, ...names };
    const codeHash = hashToken(normaliseCode(input.code));
    const session = { id: uuidv7(), userId: owner.userId, client: input.client, secondFactor: false };
    const person = actingAs(ctx, { userId: owner.userId, sessionId: session.id });
    const begun = await this.parts.database.write(person, async (tx) => {
      if (!(await this.parts.setUps.complete(tx, codeHash, owner))) return null;
      const detail = { workspaceId: owner.workspaceId };
      tx.audit({ action: 'set-up-completed', target: { kind: 'USER', id: owner.userId }, detail });
      tx.afterCommit(() => this.completedListeners.forEach((tell) => tell(owner.workspaceId)));
      return this.parts.sessionService.begin(person, tx, session);
    });
    if (begun) return this.parts.sessionService.handOver(person, begun);
    return this.refuse(ctx);
  }

  private async refuse(ctx: RequestContext): Promise<SetupRefused> {
    await this.parts.database.write(ctx, async (tx) => {
      tx.audit({ action: 'set-up-refused', target: { kind: 'INSTALLATION', id: '' }, installation: true });
    });
    return SetupRefused.of(await this.isCompleted());
  }
}
