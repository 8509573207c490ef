/** What is said between control plane and agent. PROTOCOL.md tells the rules; this package is their one implementation. */
export * from './audit.js';
export * from './bytes.js';
export * from './close-codes.js';
export * from './command-state.js';
export * from './enrolment.js';
export * from './envelope.js';
export * from './frames.js';
export * from './handshake.js';
export * from './json.js';
export * from './keyset.js';
export * from './limits.js';
export * from './release.js';
export * from './result.js';
export * from './scopes.js';
export * from './signature.js';
export * from './telemetry.js';
export * from './version.js';
