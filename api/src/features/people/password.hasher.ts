import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Fault } from '../../kernel/fault.js';

/** argon2id with OWASP's first choice of costs: 19 MiB, two passes, one lane. */
const COSTS = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** Hashes computed at once (19 MiB and a core each), and how many callers may wait for their turn. */
const HASHER_LIMITS = { inFlight: 2, waiting: 64 };

/** Computes password hashes, a few at a time, so that a flood of sign-ins cannot take memory and cores from the rest. */
export class PasswordHasher {
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];
  private decoy: Promise<string> | undefined;

  constructor(private readonly limits = HASHER_LIMITS) {}

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, COSTS));
  }

  /**
   * Whether the password belongs to the hash. Without a hash (nobody of that name) it does the same work and says no.
   *
   * @throws UNAVAILABLE when too many callers wait already.
   */
  verify(storedHash: string | null, password: string): Promise<boolean> {
    return this.inTurn(async () => {
      this.decoy ??= hash(randomBytes(32), COSTS);
      const matches = await verify(storedHash ?? (await this.decoy), password);
      return matches && storedHash !== null;
    });
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.inFlight >= this.limits.inFlight) {
      if (this.waiting.length >= this.limits.waiting) {
        throw new Fault('UNAVAILABLE', 'Too many people are signing in at once. Try again in a moment.');
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.inFlight += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.inFlight -= 1;
    }
  }
}
