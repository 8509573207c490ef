import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readServiceEnvironment, type ServiceEnvironment } from '../kernel/environment.js';
import { ServiceNotifier } from './service-notifier.js';

const WATCHDOG_MS = 60_000;
const watched: ServiceEnvironment = { isNotified: true, watchdogMs: WATCHDOG_MS, runtimeDirectory: null };
const status = { since: '2026-01-01T00:00:00.000Z', lastError: null, advice: null, epoch: null, attempts: 0 };

function notify(environment: ServiceEnvironment = watched) {
  const told: string[] = [];
  const errors: string[] = [];
  let settle = () => {};
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const link = {
    isMoving: true,
    settled,
    status: () => ({ ...status, state: 'BACKING_OFF' as const, protocolVersion: null, lastError: 'no\nroute' }),
  };
  const log = { warn: (text: string) => void errors.push(text), error: (text: string) => void errors.push(text) };
  const notifier = new ServiceNotifier({
    environment,
    link,
    log,
    tell: async (assignments) => void told.push(...assignments),
  });
  notifier.start();
  return { notifier, link, told, errors, settle };
}

const STATUS = 'STATUS=Not connected, trying again: no route';

describe('what systemd is told', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is that the agent is ready once a first attempt has come to something', async () => {
    const { told, settle } = notify({ ...watched, watchdogMs: null });
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS);
    expect(told).toEqual([]);
    settle();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['READY=1', STATUS]);
  });

  it('is that it lives, in time, for as long as the link moves', async () => {
    const { told, link, errors } = notify();
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS / 3);
    expect(told).toEqual(['WATCHDOG=1', STATUS]);
    link.isMoving = false;
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS);
    expect(told).toHaveLength(2);
    expect(errors[0]).toContain('The link hangs');
  });

  it('is that it stops, and nothing after that', async () => {
    const { told, notifier, settle } = notify();
    await notifier.stop();
    settle();
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS);
    expect(told).toEqual(['STOPPING=1']);
  });

  it('is nothing where nobody asked', async () => {
    const { told, notifier, settle } = notify({ isNotified: false, watchdogMs: WATCHDOG_MS, runtimeDirectory: null });
    settle();
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS);
    await notifier.stop();
    expect(told).toEqual([]);
  });
});

describe('the environment of a service', () => {
  it('tells the watchdog’s time to the process that it watches only', () => {
    const variables = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '42' };
    expect(readServiceEnvironment(variables, 42)).toEqual(watched);
    expect(readServiceEnvironment(variables, 43)).toEqual({ ...watched, watchdogMs: null });
  });

  it('is empty where systemd did not start the agent', () => {
    expect(readServiceEnvironment({}, 42)).toEqual({ isNotified: false, watchdogMs: null, runtimeDirectory: null });
  });
});
