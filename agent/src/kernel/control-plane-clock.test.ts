import { describe, expect, it } from 'vitest';
import { ControlPlaneClock } from './control-plane-clock.js';

describe('ControlPlaneClock', () => {
  it('tells no time before the first handshake', () => {
    const clock = new ControlPlaneClock();
    expect(clock.isSet).toBe(false);
    expect(() => clock.now()).toThrow('not known before the first handshake');
    expect(clock.estimate()).toBeInstanceOf(Date);
  });

  it('carries the control plane’s time on by the monotonic clock alone', () => {
    let monotonicMs = 5000;
    const clock = new ControlPlaneClock(() => monotonicMs);
    clock.set(new Date('2031-01-01T00:00:00.000Z'));
    monotonicMs += 90_000;
    expect(clock.now().toISOString()).toBe('2031-01-01T00:01:30.000Z');
    expect(clock.estimate()).toEqual(clock.now());
  });

  it('follows the control plane when that sets its clock', () => {
    const clock = new ControlPlaneClock(() => 0);
    clock.set(new Date('2031-01-01T00:00:00.000Z'));
    clock.set(new Date('2030-06-01T00:00:00.000Z'));
    expect(clock.now().toISOString()).toBe('2030-06-01T00:00:00.000Z');
  });
});
