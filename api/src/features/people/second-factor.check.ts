import type { TotpCredentialEntity } from '@pilothouse/db';
import { SESSION_LIMITS } from '@pilothouse/protocol';
import { Secret, TOTP } from 'otpauth';
import type { WriteTransaction } from '../../kernel/database/index.js';
import { hashToken, normaliseCode } from '../../kernel/random-token.js';
import type { SealingKey } from '../../kernel/sealing.js';
import { SecondFactorRefused, SecondFactorRequired } from './sign-in.refusals.js';
import type { SecondFactorRepository } from './second-factor.repository.js';

const PERIOD_SECONDS = 30;
/** Codes of the step before and after are accepted too, for clocks that are off. */
const WINDOW_STEPS = 1;
const LOCK_MS = 15 * 60_000;

export interface GivenFactor {
  totpCode?: string | null | undefined;
  recoveryCode?: string | null | undefined;
}

/** Judges second factors. A code counts once, and after five wrong ones none is looked at for 15 minutes. */
export class SecondFactorCheck {
  constructor(
    private readonly repository: SecondFactorRepository,
    private readonly sealing: SealingKey,
  ) {}

  /**
   * Whether the person needs a second factor and has given the right one. A wrong try is counted in the transaction,
   * so it must be committed also after a refusal.
   *
   * @returns whether a factor was given, or the refusal.
   */
  async judge(
    tx: WriteTransaction,
    { userId, given, now }: { userId: string; given: GivenFactor; now: Date },
  ): Promise<boolean | SecondFactorRequired | SecondFactorRefused> {
    const credential = await this.repository.hold(tx, userId);
    if (!credential || credential.confirmedAt === null) return false;
    if (!given.totpCode && !given.recoveryCode) return new SecondFactorRequired();
    if (isLocked(credential, now)) return new SecondFactorRefused(credential.lockedUntil);
    const isRight = given.totpCode
      ? this.takeStep(credential, given.totpCode, now)
      : await this.takeRecoveryCode(tx, { userId, code: given.recoveryCode ?? '', now });
    return this.settle(tx, credential, { isRight, now });
  }

  /** The first code from a new authenticator, judged like any other. */
  async judgeFirst(
    tx: WriteTransaction,
    credential: TotpCredentialEntity,
    { code, now }: { code: string; now: Date },
  ): Promise<true | SecondFactorRefused> {
    if (isLocked(credential, now)) return new SecondFactorRefused(credential.lockedUntil);
    return this.settle(tx, credential, { isRight: this.takeStep(credential, code, now), now });
  }

  private takeStep(credential: TotpCredentialEntity, code: string, now: Date): boolean {
    const delta = totpOf(this.openSecret(credential)).validate({
      token: code.replaceAll(' ', ''),
      timestamp: now.getTime(),
      window: WINDOW_STEPS,
    });
    if (delta === null) return false;
    const step = Math.floor(now.getTime() / 1000 / PERIOD_SECONDS) + delta;
    if (step <= credential.lastUsedStep) return false;
    credential.lastUsedStep = step;
    return true;
  }

  private takeRecoveryCode(
    tx: WriteTransaction,
    { userId, code, now }: { userId: string; code: string; now: Date },
  ): Promise<boolean> {
    return this.repository.spendRecoveryCode(tx, userId, { codeHash: hashToken(normaliseCode(code)), at: now });
  }

  private async settle(
    tx: WriteTransaction,
    credential: TotpCredentialEntity,
    { isRight, now }: { isRight: boolean; now: Date },
  ): Promise<true | SecondFactorRefused> {
    const failures = isRight ? 0 : credential.failedAttempts + 1;
    const locks = failures >= SESSION_LIMITS.totpAttempts;
    credential.failedAttempts = locks ? 0 : failures;
    credential.lockedUntil = locks ? new Date(now.getTime() + LOCK_MS) : null;
    await this.repository.save(tx, credential);
    return isRight ? true : new SecondFactorRefused(credential.lockedUntil);
  }

  private openSecret({ userId, sealedSecret }: TotpCredentialEntity): Secret {
    return new Secret({ buffer: new Uint8Array(this.sealing.open(sealedSecret, secretPlace(userId))).buffer });
  }
}

export function secretPlace(userId: string) {
  return { workspaceId: null, table: 'totp_credentials', column: 'sealed_secret', row: userId, version: 1 };
}

export function totpOf(secret: Secret, label = ''): TOTP {
  return new TOTP({ issuer: 'Pilothouse', label, secret, digits: 6, period: PERIOD_SECONDS });
}

function isLocked({ lockedUntil }: TotpCredentialEntity, now: Date): boolean {
  return lockedUntil !== null && lockedUntil > now;
}
