import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { Fault } from './fault.js';
import { networkOf } from './network-of.js';
import type { RequestContext } from './request-context.js';

/** Points per window of `seconds`. Counted in this process's memory: the limits hold per replica and cannot fail. */
export const RATE_LIMITS = {
  /** Operations of one person or token. */
  principal: { points: 6000, seconds: 60 },
  /** Operations of strangers from one address. */
  address: { points: 300, seconds: 60 },
  /** Operations of one workspace, all its people and tokens together. */
  workspace: { points: 30_000, seconds: 60 },
  /** Tries to sign in, set up or confirm a password, from one address. */
  signInAddress: { points: 30, seconds: 300 },
  /** Tries to sign in to one account from one network. */
  signInAccount: { points: 10, seconds: 300 },
  /**
   * Those from all networks together that the account was never signed in from. Who spends them keeps its person out of
   * new places, and not out of those where they have been before.
   */
  signInAccountAnywhere: { points: 100, seconds: 3600 },
  /** Tries of one person to confirm their password. */
  stepUp: { points: 10, seconds: 300 },
  /** Requests to the agents' plain HTTP entrances from one address. */
  agentEntrance: { points: 600, seconds: 60 },
  /** Agents' hellos from one address that were refused. */
  agentHello: { points: 600, seconds: 60 },
  /** Requests for the install script and the files of a release from one address. */
  release: { points: 300, seconds: 60 },
} as const;

export type RateLimit = keyof typeof RATE_LIMITS;

const BY_ADDRESS: ReadonlySet<RateLimit> = new Set([
  'address',
  'signInAddress',
  'agentEntrance',
  'agentHello',
  'release',
]);

export class RateLimits {
  private readonly limiters: Record<RateLimit, RateLimiterMemory>;

  constructor(limits: Record<RateLimit, { points: number; seconds: number }> = RATE_LIMITS) {
    this.limiters = Object.fromEntries(
      Object.entries(limits).map(([name, { points, seconds }]) => [
        name,
        new RateLimiterMemory({ keyPrefix: name, points, duration: seconds }),
      ]),
    ) as Record<RateLimit, RateLimiterMemory>;
  }

  /** Counts one use. @throws RATE_LIMITED with `retryAfterMs`. */
  async use(limit: RateLimit, key: string): Promise<void> {
    try {
      await this.limiters[limit].consume(countedAs(limit, key));
    } catch (rejection) {
      if (rejection instanceof Error) throw rejection;
      const retryAfterMs = (rejection as RateLimiterRes).msBeforeNext;
      throw new Fault('RATE_LIMITED', `Too many requests. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`, {
        details: { retryAfterMs },
      });
    }
  }

  /** Counts what has been done already, and refuses nothing: see `isSpent`. */
  async count(limit: RateLimit, key: string): Promise<void> {
    await this.limiters[limit].penalty(countedAs(limit, key));
  }

  /** Whether the next use would be refused. */
  async isSpent(limit: RateLimit, key: string): Promise<boolean> {
    const used = await this.limiters[limit].get(countedAs(limit, key));
    return used !== null && used.remainingPoints <= 0;
  }

  /** Counts one operation against its principal, workspace or address. @throws RATE_LIMITED */
  async admitRequest(ctx: RequestContext): Promise<void> {
    if (ctx.actor.kind === 'ANONYMOUS') return this.use('address', ctx.address);
    await this.use('principal', ctx.actor.id ?? '');
    if (ctx.workspaceId !== null) await this.use('workspace', ctx.workspaceId);
  }
}

function countedAs(limit: RateLimit, key: string): string {
  return BY_ADDRESS.has(limit) ? networkOf(key) : key;
}
