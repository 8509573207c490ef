import { beforeEach, describe, expect, it } from 'vitest';
import { Presence } from './presence.js';

let presence: Presence;
beforeEach(() => void (presence = new Presence()));

const longestAwayMs = (nowMs: number) => presence.longestAbsence(nowMs)?.lastedMs ?? 0;
const shows = (atMs: number, state: string) => presence.observe(atMs, [{ id: 'one', state }]);

describe('the longest that an agent was away', () => {
  it('is nothing while all are there', () => {
    shows(0, 'ONLINE');
    expect(longestAwayMs(10)).toBe(0);
  });

  it('lasts until a replica shows it again, or until now', () => {
    shows(0, 'OFFLINE');
    shows(5, 'OFFLINE');
    expect(longestAwayMs(8)).toBe(8);
    shows(10, 'ONLINE');
    expect(longestAwayMs(99)).toBe(10);
  });

  it('counts from when nothing stood in its way any more, and up to when something did again', () => {
    shows(0, 'OFFLINE');
    presence.disturb(2)(6);
    presence.disturb(20, 'one')(21);
    shows(30, 'ONLINE');
    expect(longestAwayMs(99)).toBe(14);
  });

  it('is not shortened by what stood in another’s way', () => {
    shows(0, 'OFFLINE');
    presence.disturb(2, 'two')(6);
    shows(30, 'ONLINE');
    expect(longestAwayMs(99)).toBe(30);
  });

  it('does not count while something is in its way still', () => {
    shows(0, 'OFFLINE');
    presence.disturb(3);
    expect(longestAwayMs(99)).toBe(3);
  });
});
