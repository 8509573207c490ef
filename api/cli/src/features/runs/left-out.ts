import type { Session } from '../../kernel/session.js';
import { safeLine } from '../../ui/safe-text.js';
import { serverStates } from '../servers/find-server.js';

/** So many are named; with more the line would be read by nobody. */
const MOST_NAMED = 100;

/** Whom a run leaves out and why, a line for each reason. */
export async function leftOutLines(session: Session, ids: readonly string[]): Promise<string[]> {
  const names = new Map<string, string[]>();
  for (const { name, state } of await serverStates(session, ids)) {
    const reason = REASONS[state] ?? 'offline';
    names.set(reason, [...(names.get(reason) ?? []), name]);
  }
  return [...names].map(([reason, named]) => `Left out, ${reason}: ${namesText(named)}.`);
}

const REASONS: Partial<Record<string, string>> = { REVOKED: 'revoked', PENDING: 'not enrolled yet' };

export function namesText(names: readonly string[], count = names.length): string {
  const shown = names.slice(0, MOST_NAMED).map(safeLine).join(' ');
  const hidden = count - Math.min(names.length, MOST_NAMED);
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}
