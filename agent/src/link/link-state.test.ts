import { LINK_LIMITS } from '@pilothouse/protocol';
import { describe, expect, it } from 'vitest';
import { isStalled, type LinkMoment } from './link-state.js';

const ENTERED_MS = 1_000_000;
const moment = (wish: Partial<LinkMoment>): LinkMoment => ({
  state: 'CONNECTING',
  enteredMs: ENTERED_MS,
  heardMs: 0,
  waitMs: 0,
  ...wish,
});
const after = (seconds: number, wish: Partial<LinkMoment>) =>
  isStalled(moment(wish), LINK_LIMITS, ENTERED_MS + seconds * 1000);

describe('a link', () => {
  it.each<[LinkMoment['state'], number, number]>([
    ['CONNECTING', 0, 20],
    ['HANDSHAKING', 0, 15],
    ['ONLINE', 0, 30],
    ['BACKING_OFF', 20, 30],
    ['PAUSED', 300, 310],
  ])('that is %s, and meant to wait %i s, hangs after %i s', (state, waitSeconds, seconds) => {
    const wish = { state, waitMs: waitSeconds * 1000 };
    expect(after(seconds, wish)).toBe(false);
    expect(after(seconds + 0.001, wish)).toBe(true);
  });

  it('that is online moves for as long as the control plane is heard', () => {
    expect(after(3600, { state: 'ONLINE', heardMs: ENTERED_MS + 3_580_000 })).toBe(false);
    expect(after(3600, { state: 'ONLINE', heardMs: ENTERED_MS + 3_500_000 })).toBe(true);
  });

  it('that was not started or is stopped does not hang', () => {
    expect(after(1e9, { state: 'IDLE' })).toBe(false);
  });
});
