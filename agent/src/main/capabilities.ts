import { dirname, extname, join } from 'node:path';
import { existsSync, realpathSync } from 'node:fs';
import type { EnvelopeExpectation, HealthFrame } from '@pilothouse/protocol';
import {
  CommandCapability,
  SessionLauncher,
  SystemdLauncher,
  type RunnerLauncher,
} from '../capabilities/commands/index.js';
import { MetricsCapability } from '../capabilities/metrics/index.js';
import type { ControlPlaneClock } from '../kernel/control-plane-clock.js';
import { HostPolicyFile } from '../kernel/host-policy.js';
import type { Log } from '../kernel/log.js';
import type { AgentConfig } from '../kernel/settings.js';
import type { StateDirectory } from '../kernel/state-directory.js';
import type { Identity } from '../link/identity.js';

export interface CapabilityOptions {
  config: AgentConfig;
  state: StateDirectory;
  identity: Identity;
  expectation: () => EnvelopeExpectation | null;
  clock: ControlPlaneClock;
  log: Log;
}

/** What this agent can do on its host, as far as configuration allows. */
export interface Capabilities {
  commands: CommandCapability | null;
  metrics: MetricsCapability;
  hostPolicy: HostPolicyFile;
}

/** Opens what a former process left, and finds again the commands that still run. */
export async function openCapabilities(options: CapabilityOptions): Promise<Capabilities> {
  const { config, state, clock, log } = options;
  const hostPolicy = new HostPolicyFile(config.hostPolicy);
  const metrics = await MetricsCapability.open({
    directory: state.telemetry,
    clock: { now: () => clock.estimate() },
    allowed: () => config.metrics && allowsMetrics(hostPolicy),
    onTrouble: (error) => {
      if (error) log.warn('Figures of this host cannot be read', { reason: error.message });
      else log.info('Figures of this host can be read again');
    },
    bufferBytes: config.telemetryBufferMib * 2 ** 20,
    intervalMs: config.metricsIntervalSeconds * 1000,
  });
  const commands = config.commands ? openCommands(options, hostPolicy) : null;
  await commands?.recover();
  return { commands, metrics, hostPolicy };
}

function openCommands(options: CapabilityOptions, hostPolicy: HostPolicyFile): CommandCapability {
  const { config, state, identity, expectation, clock, log } = options;
  return new CommandCapability({
    stateDirectory: state.path,
    identity,
    expectation,
    hostPolicy,
    launcher: chooseLauncher(config, state),
    log,
    clock: { now: () => clock.estimate() },
    maxConcurrent: config.maxConcurrentCommands,
  });
}

function chooseLauncher(config: AgentConfig, state: StateDirectory): RunnerLauncher {
  const runnerPath = findRunner();
  const usesUnits = config.systemdUnits && process.getuid?.() === 0 && existsSync('/run/systemd/system');
  return usesUnits
    ? new SystemdLauncher({ runnerPath })
    : new SessionLauncher({ runnerPath, scratchDirectory: state.path });
}

/** The runner lies beside the program that was started: `runner.cjs` beside the bundle, `runner.js` in a clone. */
function findRunner(): string {
  const program = realpathSync(process.argv[1] ?? '');
  return join(dirname(program), `runner${extname(program)}`);
}

function allowsMetrics(hostPolicy: HostPolicyFile): boolean {
  const reading = hostPolicy.read();
  return reading.ok && reading.policy.metrics;
}

/** What the control plane should know of this host's health. */
export function healthOf({ metrics, hostPolicy }: Capabilities): HealthFrame {
  const policy = hostPolicy.read();
  const policyCheck = { name: 'host-policy', ok: policy.ok, message: policy.ok ? null : policy.problem.slice(0, 300) };
  return { checks: [policyCheck, ...metrics.checks()] };
}
