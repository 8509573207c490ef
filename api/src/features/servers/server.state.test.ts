import { LINK_LIMITS } from '@pilothouse/protocol';
import { describe, expect, test } from 'vitest';
import { ServerState, stateOf, type ServerCondition } from './server.state.js';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms);

const connected: ServerCondition = {
  enrolledAt: ago(86_400_000),
  revokedAt: null,
  deletedAt: null,
  maintenance: false,
  duplicateIdentity: false,
  connectedAt: ago(60_000),
  lastFrameAt: ago(1000),
  disconnectedAt: null,
  disconnectReason: null,
  checks: [],
};
const never = { connectedAt: null, lastFrameAt: null };
const gone = { disconnectedAt: ago(5000), disconnectReason: 'The agent stopped' };
const silent = { lastFrameAt: ago(LINK_LIMITS.silenceTimeoutMs + 1) };
const failing = { checks: [{ name: 'disk', ok: false, message: 'full' }] };
const revoked = { revokedAt: ago(1000) };

/** Written by hand: what a person expects to see. */
const TRUTH: [name: string, condition: Partial<ServerCondition>, state: string, isConnected: boolean][] = [
  ['connected', {}, 'ONLINE', true],
  ['connected, all checks pass', { checks: [{ name: 'disk', ok: true, message: null }] }, 'ONLINE', true],
  ['connected, a check fails', failing, 'DEGRADED', true],
  ['connected, cloned', { duplicateIdentity: true }, 'DEGRADED', true],
  ['connected, in maintenance', { maintenance: true }, 'MAINTENANCE', true],
  ['connected, in maintenance, a check fails', { maintenance: true, ...failing }, 'MAINTENANCE', true],
  ['disconnected', gone, 'OFFLINE', false],
  ['disconnected, a check failed before', { ...gone, ...failing }, 'OFFLINE', false],
  ['disconnected, cloned', { ...gone, duplicateIdentity: true }, 'OFFLINE', false],
  ['disconnected, in maintenance', { ...gone, maintenance: true }, 'MAINTENANCE', false],
  ['silent for too long', silent, 'OFFLINE', false],
  ['silent, just not too long', { lastFrameAt: ago(LINK_LIMITS.silenceTimeoutMs) }, 'ONLINE', true],
  ['enrolled, never connected', never, 'OFFLINE', false],
  ['never enrolled', { ...never, enrolledAt: null }, 'PENDING', false],
  ['never enrolled, in maintenance', { ...never, enrolledAt: null, maintenance: true }, 'PENDING', false],
  ['revoked while connected', revoked, 'REVOKED', false],
  ['revoked in maintenance', { ...revoked, maintenance: true }, 'REVOKED', false],
  ['revoked before it was enrolled', { ...never, enrolledAt: null, ...revoked }, 'REVOKED', false],
  ['deleted before it was enrolled', { ...never, enrolledAt: null, deletedAt: ago(1) }, 'REVOKED', false],
];

describe('the state of a server', () => {
  test.each(TRUTH)('that is %s', (_name, condition, state, isConnected) => {
    expect(stateOf({ ...connected, ...condition }, NOW)).toMatchObject({ state, connected: isConnected });
  });

  test('comes with a sentence that says why', () => {
    const reasonOf = (condition: Partial<ServerCondition>) => stateOf({ ...connected, ...condition }, NOW).reason;
    expect(reasonOf(gone)).toBe('Offline: The agent stopped.');
    expect(reasonOf(silent)).toContain('nothing was heard');
    expect(reasonOf(failing)).toBe('Failing: disk (full).');
    expect(reasonOf({ maintenance: true, ...gone })).toBe('In maintenance. Offline: The agent stopped.');
  });

  test('is one of all that there are', () => {
    expect(new Set(TRUTH.map(([, , state]) => state))).toEqual(new Set(Object.values(ServerState)));
  });
});
