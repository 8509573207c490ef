import { CliError } from '../../kernel/cli-error.js';
import { isBeginningOfId, isWholeId, withIdLike } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import { word } from '../../input/choice.js';
import { findCommand } from '../commands/find-command.js';
import { findRun } from '../runs/find-run.js';
import { findServer, serverNames } from '../servers/find-server.js';
import { readMembers } from '../workspaces/members.js';
import { nameIn } from './entry-text.js';

interface Target {
  targetKind: string;
  targetId: string;
  detail: string;
}

/** Names of the servers and people that entries are about, by id; of what is gone there is none. */
export async function targetNames(session: Session, entries: readonly Target[]): Promise<Map<string, string>> {
  const idsOf = (kind: string) =>
    entries.filter(({ targetKind }) => targetKind === kind).map(({ targetId }) => targetId);
  const members = idsOf('USER').length > 0 ? await readMembers(session) : [];
  return new Map([
    ...(await serverNames(session, idsOf('SERVER'))),
    ...members.map(({ person }) => [person.id, person.email] as const),
  ]);
}

/** What an entry is about: `server web-1`, or with an id where it has no name. */
export function targetText({ targetKind, targetId, detail }: Target, names: ReadonlyMap<string, string>): string {
  return `${word(targetKind)} ${names.get(targetId) ?? nameIn(detail) ?? targetId}`.trim();
}

/** Who may have been meant: a member by e-mail address or the beginning of an id; otherwise what was typed. */
export async function findActor(session: Session, given: string): Promise<string> {
  if (isWholeId(given)) return given;
  const people = (await readMembers(session)).map(({ person }) => person);
  const [found] = [...people.filter(({ email }) => email === given.toLowerCase()), ...withIdLike(people, given)];
  return found?.id ?? given;
}

/** A server by name, or what an id begins with that was typed: of a server, a command or a run. @throws CliError */
export async function findTarget(session: Session, given: string): Promise<string> {
  if (isWholeId(given)) return given;
  const finders = [async () => (await findServer(session, given)).id, ...(isBeginningOfId(given) ? idFinders : [])];
  let failure: unknown;
  for (const find of finders) {
    try {
      return await find(session, given);
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'NOT_FOUND') throw error;
      failure ??= error;
    }
  }
  throw failure;
}

const idFinders = [findCommand, findRun] as const;
