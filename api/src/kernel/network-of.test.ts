import { describe, expect, it, test } from 'vitest';
import { networkOf } from './network-of.js';
import { RateLimits, RATE_LIMITS } from './rate-limits.js';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('%s is counted as %s', (address, network) => expect(networkOf(address)).toBe(network));

describe('limits by address', () => {
  it.each(['address', 'signInAddress', 'agentEntrance'] as const)('%s counts a network as one', async (limit) => {
    const limits = new RateLimits({ ...RATE_LIMITS, [limit]: { points: 2, seconds: 60 } });
    await limits.use(limit, '2001:db8::1');
    await limits.use(limit, '2001:db8::2');
    await expect(limits.use(limit, '2001:db8::3')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await limits.use(limit, '2001:db8:0:1::1');
    await limits.use(limit, '192.0.2.1');
  });

  it('leave others as they are given', async () => {
    const limits = new RateLimits({ ...RATE_LIMITS, signInAccount: { points: 1, seconds: 60 } });
    await limits.use('signInAccount', '2001:db8::1');
    await limits.use('signInAccount', '2001:db8::2');
  });
});
