import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, closeReasonOf } from './close-codes.js';
import {
  COMMAND_STATES,
  FINAL_STATES,
  isFinal,
  statesBefore,
  TRANSITIONS,
  type TransitionCause,
} from './command-state.js';
import { ENROLMENT_REFUSALS } from './enrolment.js';
import * as limits from './limits.js';
import { SCOPES } from './scopes.js';
import { negotiateVersion, OLDEST_SUPPORTED_VERSION, PROTOCOL_VERSION } from './version.js';

const protocol = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8');

/** Rows of the first table under a heading of PROTOCOL.md that is marked as shared, without its head; cells without blanks and backticks. */
function tableUnder(heading: string): string[][] {
  const section = protocol.split(/^#{2,3} /m).find((text) => text.startsWith(`${heading} ⚙\n`));
  if (!section) throw new Error(`PROTOCOL.md has no section "${heading}"`);
  const lines = section.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start + 2, length < 0 ? undefined : start + length).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('the tables of PROTOCOL.md are those of the code:', () => {
  it('close codes', () => {
    expect(tableUnder('Close codes')).toEqual(
      Object.entries(CLOSE_CODES).map(([name, { code, retry, meaning }]) => [String(code), name, retry, meaning]),
    );
  });

  it('transitions', () => {
    expect(tableUnder('Transitions')).toEqual(
      TRANSITIONS.map(({ cause, from, to }) => [cause, from.join(', '), to.join(', ')]),
    );
  });

  it('limits', () => {
    const tables = { ...limits };
    const groups = [
      'COMMAND_LIMITS',
      'OUTPUT_LIMITS',
      'LINK_LIMITS',
      'TELEMETRY_LIMITS',
      'ENROLMENT_LIMITS',
      'KEY_ROTATION_LIMITS',
      'ENVELOPE_LIMITS',
    ] as const;
    expect(tableUnder('Limits').map(([name, value]) => [name, value])).toEqual(
      groups.flatMap((group) =>
        Object.entries(tables[group]).map(([name, value]) => [`${group}.${name}`, String(value)]),
      ),
    );
  });

  it('scopes', () => {
    expect(tableUnder('Scopes')).toEqual(
      Object.entries(SCOPES).map(([name, { risk, description }]) => [name, risk, description]),
    );
  });

  it('refusals of enrolment', () => {
    expect(tableUnder('Refusals of enrolment')).toEqual(
      Object.entries(ENROLMENT_REFUSALS).map(([code, { status, message }]) => [code, String(status), message]),
    );
  });

  it('versions', () => {
    expect(tableUnder('Versions').map(([version]) => Number(version))).toEqual(
      Array.from({ length: PROTOCOL_VERSION }, (_, index) => index + 1),
    );
  });
});

describe('states of a command', () => {
  /** Every pair of states, by hand: what may lead from the row's state to the column's. */
  const ALLOWED: Record<string, TransitionCause[]> = {
    'QUEUED DELIVERED': ['received'],
    'QUEUED RUNNING': ['started'],
    'QUEUED SUCCEEDED': ['result'],
    'QUEUED FAILED': ['result'],
    'QUEUED TIMED_OUT': ['result'],
    'QUEUED CANCELLED': ['result', 'withdraw'],
    'QUEUED EXPIRED': ['result', 'sweep'],
    'QUEUED VETOED': ['result'],
    'QUEUED INTERRUPTED': ['result', 'sweep'],
    'DELIVERED RUNNING': ['started'],
    'DELIVERED SUCCEEDED': ['result'],
    'DELIVERED FAILED': ['result'],
    'DELIVERED TIMED_OUT': ['result'],
    'DELIVERED CANCELLED': ['result'],
    'DELIVERED EXPIRED': ['result'],
    'DELIVERED VETOED': ['result'],
    'DELIVERED INTERRUPTED': ['result', 'sweep'],
    'RUNNING SUCCEEDED': ['result'],
    'RUNNING FAILED': ['result'],
    'RUNNING TIMED_OUT': ['result'],
    'RUNNING CANCELLED': ['result'],
    'RUNNING EXPIRED': ['result'],
    'RUNNING VETOED': ['result'],
    'RUNNING INTERRUPTED': ['result', 'sweep'],
  };
  const CAUSES: TransitionCause[] = ['received', 'started', 'result', 'withdraw', 'sweep'];

  it('move by every cause exactly where the table lets them', () => {
    for (const cause of CAUSES) {
      for (const to of COMMAND_STATES) {
        const expected = COMMAND_STATES.filter((from) => ALLOWED[`${from} ${to}`]?.includes(cause));
        expect({ cause, to, from: statesBefore(cause, to).sort() }).toEqual({ cause, to, from: [...expected].sort() });
      }
    }
  });

  it('never leave a final state, and every state but the first can be reached', () => {
    for (const state of COMMAND_STATES) {
      const leaves = CAUSES.some((cause) => COMMAND_STATES.some((to) => statesBefore(cause, to).includes(state)));
      const reached = CAUSES.some((cause) => statesBefore(cause, state).length > 0);
      expect({ state, leaves, reached }).toEqual({ state, leaves: !isFinal(state), reached: state !== 'QUEUED' });
    }
    expect(COMMAND_STATES.filter(isFinal)).toEqual(FINAL_STATES);
  });
});

describe('versions', () => {
  const ours = { min: 3, max: 5 };

  it.each([
    [{ min: 1, max: 2 }, 'VERSION_TOO_OLD'],
    [{ min: 1, max: 3 }, 3],
    [{ min: 2, max: 4 }, 4],
    [{ min: 3, max: 5 }, 5],
    [{ min: 5, max: 5 }, 5],
    [{ min: 5, max: 9 }, 5],
    [{ min: 1, max: 9 }, 5],
    [{ min: 6, max: 9 }, 'VERSION_TOO_NEW'],
    [{ min: 5, max: 4 }, 'VERSION_TOO_NEW'],
  ])('%o with 3 to 5 give %s', (theirs, expected) => {
    const negotiated = negotiateVersion(theirs, ours);
    expect(negotiated.ok ? negotiated.version : negotiated.problem).toBe(expected);
  });

  it('reach two back from the current one, and this code speaks with itself', () => {
    expect(PROTOCOL_VERSION - OLDEST_SUPPORTED_VERSION).toBeLessThanOrEqual(2);
    expect(negotiateVersion({ min: OLDEST_SUPPORTED_VERSION, max: PROTOCOL_VERSION })).toEqual({
      ok: true,
      version: PROTOCOL_VERSION,
    });
  });
});

describe('close codes', () => {
  it('are ours, each once, and lead back to their reason', () => {
    const codes = Object.values(CLOSE_CODES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= 4600 && code <= 4699).toBe(true);
    for (const [reason, { code }] of Object.entries(CLOSE_CODES)) expect(closeReasonOf(code)).toBe(reason);
    for (const code of [1000, 1006, 4400, 4499, 4599, 4699, Number.NaN]) expect(closeReasonOf(code)).toBeNull();
  });
});
