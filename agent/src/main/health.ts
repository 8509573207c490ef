import type { HealthFrame } from '@pilothouse/protocol';
import type { Capability } from '../kernel/capability.js';
import type { HostPolicyReading } from '../kernel/host-policy.js';

/** What the control plane should know of this host's health. */
export function healthOf(hostPolicy: { read(): HostPolicyReading }, capabilities: readonly Capability[]): HealthFrame {
  const policy = hostPolicy.read();
  const policyCheck = { name: 'host-policy', ok: policy.ok, message: policy.ok ? null : policy.problem.slice(0, 300) };
  return { checks: [policyCheck, ...capabilities.flatMap((capability) => capability.checks?.() ?? [])] };
}
