import { describe, expect, it } from 'vitest';
import type { Capability } from '../kernel/capability.js';
import { OPEN_HOST_POLICY } from '../kernel/host-policy.js';
import { healthOf } from './health.js';

const disk = { name: 'disk', ok: false, message: 'full' };
const nothing = async () => {};

function capability(checks?: Capability['checks']): Capability {
  const status = () => ({ lines: [], figures: null });
  return { name: 'example', sources: [], start: nothing, close: nothing, status, ...(checks && { checks }) };
}

describe('the health of a host', () => {
  it('is that of its policy and of every capability that has something to say', () => {
    const policy = { read: () => ({ ok: true, policy: OPEN_HOST_POLICY }) as const };
    const { checks } = healthOf(policy, [capability(), capability(() => [disk])]);
    expect(checks).toEqual([{ name: 'host-policy', ok: true, message: null }, disk]);
  });

  it('tells what is wrong with the policy in as many characters as the protocol allows', () => {
    const policy = { read: () => ({ ok: false, problem: 'x'.repeat(301) }) as const };
    expect(healthOf(policy, []).checks).toEqual([{ name: 'host-policy', ok: false, message: 'x'.repeat(300) }]);
  });
});
