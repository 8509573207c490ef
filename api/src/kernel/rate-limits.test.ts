import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RATE_LIMITS, RateLimits } from './rate-limits.js';
import { makeContext, type Actor } from './request-context.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const contextOf = (actor: Actor, workspaceId: string | null = null, address = '192.0.2.1') =>
  makeContext({ requestId: '', actor, workspaceId, role: null, grants: [], address, userAgent: '', credential: null });

const person = (id: string) => ({ kind: 'USER', id, sessionId: id, steppedUpAt: null }) as const;
const stranger = { kind: 'ANONYMOUS', id: null } as const;

async function times(count: number, use: () => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i += 1) await use();
}

describe.each(Object.keys(RATE_LIMITS) as (keyof typeof RATE_LIMITS)[])('the limit %s', (name) => {
  test('lets pass as many as it says and refuses the next, until its window is over', async () => {
    const limits = new RateLimits();
    const { points, seconds } = RATE_LIMITS[name];
    await times(points, () => limits.use(name, 'key'));
    const refused = await limits.use(name, 'key').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringMatching(/^Too many requests/) });
    const { retryAfterMs } = (refused as { details: { retryAfterMs: number } }).details;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(seconds * 1000);
    await limits.use(name, 'another key');
    vi.advanceTimersByTime(seconds * 1000 + 1);
    await limits.use(name, 'key');
  });
});

test('what is only counted is spent with the last that would pass, until its window is over', async () => {
  const limits = new RateLimits({ ...RATE_LIMITS, agentHello: { points: 2, seconds: 60 } });
  await limits.count('agentHello', '2001:db8::1');
  expect(await limits.isSpent('agentHello', '2001:db8::2')).toBe(false);
  await times(2, () => limits.count('agentHello', '2001:db8::2'));
  expect(await limits.isSpent('agentHello', '2001:db8::3')).toBe(true);
  expect(await limits.isSpent('agentHello', '192.0.2.1')).toBe(false);
  vi.advanceTimersByTime(60_001);
  expect(await limits.isSpent('agentHello', '2001:db8::3')).toBe(false);
});

describe('a request counts', () => {
  const limits = () => {
    const two = { points: 2, seconds: 60 };
    const many = { points: 100, seconds: 60 };
    return { ...RATE_LIMITS, principal: two, address: two, workspace: many };
  };

  test('against the person behind it, wherever from', async () => {
    const rate = new RateLimits(limits());
    await times(2, () => rate.admitRequest(contextOf(person('a'))));
    await expect(rate.admitRequest(contextOf(person('a'), null, '192.0.2.2'))).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await rate.admitRequest(contextOf(person('b')));
  });

  test('against the address of a stranger alone', async () => {
    const rate = new RateLimits(limits());
    await times(2, () => rate.admitRequest(contextOf(stranger)));
    await expect(rate.admitRequest(contextOf(stranger))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await rate.admitRequest(contextOf(stranger, null, '192.0.2.2'));
    await rate.admitRequest(contextOf(person('a')));
  });

  test('against the workspace, all its people together', async () => {
    const rate = new RateLimits({ ...limits(), workspace: { points: 2, seconds: 60 } });
    await rate.admitRequest(contextOf(person('a'), 'w'));
    await rate.admitRequest(contextOf(person('b'), 'w'));
    await expect(rate.admitRequest(contextOf(person('c'), 'w'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await rate.admitRequest(contextOf(person('c'), 'v'));
  });
});
