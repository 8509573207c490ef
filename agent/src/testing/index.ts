/** Doubles for tests of this and other packages; not shipped. */
export { AsyncQueue } from './async-queue.js';
export { ControlPlaneKeys } from './control-plane-keys.js';
export type { Faults } from './faults.js';
export { ScriptedControlPlane } from './scripted-control-plane.js';
export { TcpProxy } from './tcp-proxy.js';
export { FaultyProxy, type Numbers } from './faulty-proxy.js';
export { LinkHarness, SHORT_LIMITS, type HarnessOptions } from './link-harness.js';
export { RecordedLog, type LogEntry } from './recorded-log.js';
export { ListSource, outputFrame, receivedFrame, telemetryFrame } from './list-source.js';
export { BootedHost, canBootHosts } from './booted-host.js';
export { HostNetwork, type Cable } from './host-network.js';
export { BuiltAgent, collect, type Finished } from './built-agent.js';
