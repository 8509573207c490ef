import type { HealthFrame, HostFacts } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReportSource } from '../link/report-source.js';
import { RecordedLog } from '../testing/recorded-log.js';
import { HostReports } from './host-reports.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function reporting() {
  const now = { ok: true, hostname: 'a' };
  const source = new ReportSource();
  const log = new RecordedLog();
  const reports = new HostReports({
    source,
    facts: async () => ({ hostname: now.hostname }) as HostFacts,
    health: (): HealthFrame => ({ checks: [{ name: 'check', ok: now.ok, message: null }] }),
    log,
  });
  const taken = async () => {
    await vi.advanceTimersByTimeAsync(0);
    const frames = await source.peek();
    await source.advance(frames.length);
    return frames.map((frame) => Object.keys(frame)[0]);
  };
  return { now, reports, taken };
}

describe('HostReports', () => {
  it('tells health and facts after each connection', async () => {
    const { reports, taken } = reporting();
    reports.connected();
    expect(await taken()).toEqual(['health', 'facts']);
    reports.connected();
    expect(await taken()).toEqual(['health', 'facts']);
  });

  it('tells again only what has changed', async () => {
    const { now, reports, taken } = reporting();
    reports.start();
    reports.connected();
    await taken();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await taken()).toEqual([]);
    now.ok = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await taken()).toEqual(['health']);
    now.hostname = 'b';
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await taken()).toEqual(['facts']);
    reports.stop();
  });

  it('leaves no timer behind', () => {
    const { reports } = reporting();
    reports.start();
    reports.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
