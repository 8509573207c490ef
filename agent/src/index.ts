/** The agent as a library: what tests and benchmarks of other packages run in their own process. */
export { collectFacts } from './capabilities/facts/index.js';
export { HostReader, Sampler, type Clock, type HostReading } from './capabilities/metrics/index.js';
export { AgentProcess, type AgentProcessOptions } from './main/agent-process.js';
export { addressOf } from './main/address.js';
export { loadConfig, ConfigError } from './kernel/config.js';
export { ControlPlaneClock } from './kernel/control-plane-clock.js';
export { readEnvironment } from './kernel/environment.js';
export type { FrameSource, Lane } from './kernel/frame-source.js';
export { createLog, type Log } from './kernel/log.js';
export { StateDirectory } from './kernel/state-directory.js';
export { enrol, EnrolmentError } from './link/enrolment.js';
export { loadIdentity, type Identity } from './link/identity.js';
export { Keyring } from './link/keyring.js';
export { Link } from './link/link.js';
export { ReportSource } from './link/report-source.js';
