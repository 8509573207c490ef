import { Secret } from 'otpauth';
import type { Database } from '../../kernel/database/index.js';
import { hashToken, normaliseCode, randomCode } from '../../kernel/random-token.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { SealingKey } from '../../kernel/sealing.js';
import { asPerson } from './acting-as.js';
import { secretPlace, totpOf, type SecondFactorCheck } from './second-factor.check.js';
import type { SecondFactorRepository } from './second-factor.repository.js';
import type { SessionRepository } from './session.repository.js';
import type { SessionService } from './session.service.js';
import type { SecondFactorRefused } from './sign-in.refusals.js';
import { TotpConfirmed, TotpDisabled, TotpInUse, TotpMissing, TotpStarted } from './totp.types.js';

const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;

export interface TotpParts {
  database: Database;
  sealing: SealingKey;
  secondFactor: SecondFactorCheck;
  secondFactors: SecondFactorRepository;
  sessions: SessionRepository;
  sessionService: SessionService;
}

/** The second factor of the caller: an authenticator app (RFC 6238), and recovery codes in its place. */
export class TotpService {
  constructor(private readonly parts: TotpParts) {}

  /** Makes a secret, which counts once its first code has come back. Starting again replaces one that does not yet. */
  async start(ctx: RequestContext): Promise<TotpStarted | TotpInUse> {
    const { actor } = asPerson(ctx);
    const secret = new Secret({ size: SECRET_BYTES });
    return this.parts.database.write(ctx, async (tx) => {
      const present = await this.parts.secondFactors.hold(tx, actor.id);
      if (present?.confirmedAt) return new TotpInUse();
      await this.parts.secondFactors.save(tx, {
        userId: actor.id,
        sealedSecret: this.parts.sealing.seal(secret.bytes, secretPlace(actor.id)),
        confirmedAt: null,
        lastUsedStep: 0,
        failedAttempts: present?.failedAttempts ?? 0,
        lockedUntil: present?.lockedUntil ?? null,
        createdAt: ctx.now(),
      });
      tx.audit({ action: 'totp-started', target: { kind: 'USER', id: actor.id }, installation: true });
      const { email } = await this.parts.sessions.person(tx, actor.id);
      const otpauthUri = totpOf(secret, email).toString();
      return Object.assign(new TotpStarted(), { secret: secret.base32, otpauthUri });
    });
  }

  /** Makes the second factor count, and ends all other sessions: they were begun without it. */
  async confirm(ctx: RequestContext, code: string): Promise<TotpConfirmed | TotpMissing | SecondFactorRefused> {
    const { actor } = asPerson(ctx);
    const target = { kind: 'USER', id: actor.id } as const;
    return this.parts.database.write(ctx, async (tx) => {
      const credential = await this.parts.secondFactors.hold(tx, actor.id);
      if (!credential || credential.confirmedAt !== null) return new TotpMissing();
      const judged = await this.parts.secondFactor.judgeFirst(tx, credential, { code, now: ctx.now() });
      if (judged !== true) {
        tx.audit({ action: 'totp-confirm-refused', target, installation: true });
        return judged;
      }
      await this.parts.secondFactors.save(tx, Object.assign(credential, { confirmedAt: ctx.now() }));
      const recoveryCodes = Array.from({ length: RECOVERY_CODES }, () => randomCode());
      const hashes = recoveryCodes.map((recoveryCode) => hashToken(normaliseCode(recoveryCode)));
      await this.parts.secondFactors.replaceRecoveryCodes(tx, actor.id, hashes);
      tx.audit({ action: 'totp-enabled', target, installation: true });
      const sessionsEnded = await this.parts.sessionService.endOthers(ctx, tx, {
        userId: actor.id,
        keep: actor.sessionId,
      });
      return Object.assign(new TotpConfirmed(), { recoveryCodes, sessionsEnded });
    });
  }

  /** Takes the second factor and its recovery codes away, and ends all other sessions. */
  async disable(ctx: RequestContext): Promise<TotpDisabled | TotpMissing> {
    const { actor } = asPerson(ctx);
    return this.parts.database.write(ctx, async (tx) => {
      if (!(await this.parts.secondFactors.hold(tx, actor.id))) return new TotpMissing();
      await this.parts.secondFactors.remove(tx, actor.id);
      tx.audit({ action: 'totp-disabled', target: { kind: 'USER', id: actor.id }, installation: true });
      const sessionsEnded = await this.parts.sessionService.endOthers(ctx, tx, {
        userId: actor.id,
        keep: actor.sessionId,
      });
      return Object.assign(new TotpDisabled(), { sessionsEnded });
    });
  }
}
