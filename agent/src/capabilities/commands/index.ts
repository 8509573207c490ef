/** Commands on this host: verified, journaled, run once, followed to their end and reported. See README.md. */
export { CommandCapability } from './command.capability.js';
export type { RunnerLauncher } from './launcher/runner-launcher.js';
export { SessionLauncher } from './launcher/session.launcher.js';
export { SystemdLauncher } from './launcher/systemd.launcher.js';
