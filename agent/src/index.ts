/** The agent as a library: what tests and benchmarks of other packages run in their own process. */
export { AgentProcess, type AgentProcessOptions } from './main/agent-process.js';
export { addressOf } from './main/address.js';
export { loadConfig, ConfigError } from './kernel/config.js';
export { readEnvironment } from './kernel/environment.js';
export { createLog, type Log } from './kernel/log.js';
export { StateDirectory } from './kernel/state-directory.js';
export { enrol, EnrolmentError } from './link/enrolment.js';
export { loadIdentity, type Identity } from './link/identity.js';
