import { dirname, extname, join } from 'node:path';
import { existsSync, realpathSync } from 'node:fs';
import type { EnvelopeExpectation } from '@pilothouse/protocol';
import {
  CommandCapability,
  SessionLauncher,
  SystemdLauncher,
  type RunnerLauncher,
} from '../capabilities/commands/index.js';
import { MetricsCapability } from '../capabilities/metrics/index.js';
import type { Capability } from '../kernel/capability.js';
import type { ControlPlaneClock } from '../kernel/control-plane-clock.js';
import type { HostPolicyFile } from '../kernel/host-policy.js';
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
  hostPolicy: HostPolicyFile;
  log: Log;
}

/** What this agent can do on its host, as far as configuration allows. */
export async function openCapabilities(options: CapabilityOptions): Promise<Capability[]> {
  const { commands, metrics } = options.config;
  return [
    commands ? openCommands(options) : switchedOff('commands'),
    metrics ? await openMetrics(options) : switchedOff('metrics'),
  ];
}

function openCommands(options: CapabilityOptions): Capability {
  const { config, state, identity, expectation, hostPolicy, clock, log } = options;
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

function openMetrics({ config, state, clock, hostPolicy, log }: CapabilityOptions): Promise<Capability> {
  return MetricsCapability.open({
    directory: state.telemetry,
    clock: { now: () => clock.estimate() },
    allowed: () => allowsMetrics(hostPolicy),
    onTrouble: (error) => {
      if (error) log.warn('Figures of this host cannot be read', { reason: error.message });
      else log.info('Figures of this host can be read again');
    },
    bufferBytes: config.telemetryBufferMib * 2 ** 20,
    intervalMs: config.metricsIntervalSeconds * 1000,
  });
}

/** Does nothing, and is shown so. */
function switchedOff(name: string): Capability {
  const nothing = async () => {};
  const status = () => ({ lines: ['switched off'], figures: null });
  return { name, sources: [], start: nothing, close: nothing, status };
}

function chooseLauncher(config: AgentConfig, state: StateDirectory): RunnerLauncher {
  const runnerPath = findRunner();
  const usesUnits = config.systemdUnits && process.getuid?.() === 0 && existsSync('/run/systemd/system');
  return usesUnits
    ? new SystemdLauncher({ runnerPath })
    : new SessionLauncher({ runnerPath, scratchDirectory: state.path });
}

/**
 * The runner lies beside the program that was started: `runner.cjs` beside the bundle, `runner.js` in a clone.
 * @throws when it is not there: every command would be lost.
 */
function findRunner(): string {
  const program = realpathSync(process.argv[1] ?? '');
  const runner = join(dirname(program), `runner${extname(program)}`);
  if (!existsSync(runner)) {
    throw new Error(`${runner} is missing, without which no command can run. Install the agent anew`);
  }
  return runner;
}

function allowsMetrics(hostPolicy: HostPolicyFile): boolean {
  const reading = hostPolicy.read();
  return reading.ok && reading.policy.metrics;
}
