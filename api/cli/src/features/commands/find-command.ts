import { findId } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import { CommandIds } from './commands.operations.js';

/** The id of a command from the whole or the beginning of it. @throws CliError */
export function findCommand(session: Session, given: string): Promise<string> {
  return findId('command', given, async (page) => (await session.ask(CommandIds, page)).commandHistory);
}
