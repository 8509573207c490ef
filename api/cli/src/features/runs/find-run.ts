import { findId } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import { RunIds } from './runs.operations.js';

/** The id of a run from the whole or the beginning of it. @throws CliError */
export function findRun(session: Session, given: string): Promise<string> {
  return findId('run', given, async (page) => (await session.ask(RunIds, page)).runHistory);
}
