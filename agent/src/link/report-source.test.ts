import type { HealthFrame } from '@pilothouse/protocol';
import { describe, expect, it, vi } from 'vitest';
import { ReportSource } from './report-source.js';

const health = (name: string): HealthFrame => ({ checks: [{ name, ok: true, message: null }] });

describe('ReportSource', () => {
  it('keeps only the newest of each kind, however many were reported', async () => {
    const source = new ReportSource();
    for (let count = 0; count < 1000; count++) source.reportHealth(health(`check ${count}`));
    expect(await source.peek()).toEqual([{ health: health('check 999') }]);
  });

  it('gives a report again until it is committed', async () => {
    const source = new ReportSource();
    source.reportHealth(health('a'));
    await source.peek();
    expect(await source.peek()).toEqual([{ health: health('a') }]);
    await source.advance(1);
    expect(await source.peek()).toEqual([]);
  });

  it('does not take a newer report for the one that was committed', async () => {
    const source = new ReportSource();
    source.reportHealth(health('old'));
    await source.peek();
    source.reportHealth(health('new'));
    await source.advance(1);
    expect(await source.peek()).toEqual([{ health: health('new') }]);
  });

  it('tells its listener of each report', () => {
    const source = new ReportSource();
    const listener = vi.fn();
    source.onReady(listener);
    source.reportHealth(health('a'));
    source.reportHealth(health('b'));
    expect(listener).toHaveBeenCalledTimes(2);
  });
});
