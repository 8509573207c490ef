import { COMMAND_LIMITS } from '@pilothouse/protocol';
import type { CommandRequest } from '../commands/index.js';

/** A command as it is kept: what a request may leave out is filled in. Without standard input. */
export interface SavedCommand {
  argv: readonly string[] | null;
  script: string | null;
  interpreter: 'sh' | 'bash' | null;
  workingDirectory: string | null;
  user: string | null;
  environment: readonly { name: string; value: string }[];
  timeoutMs: number;
  priority: number;
  concurrency: number | null;
  idempotent: boolean;
}

/** A saved command as it is stored in the open: variables by name. */
export type StoredCommand = Omit<SavedCommand, 'environment'> & { environmentNames: string[] };

export function storedCommand({ environment, ...open }: SavedCommand): StoredCommand {
  return { ...open, environmentNames: environment.map(({ name }) => name) };
}

/** Fills in what was left out; `planCommand` says whether the outcome is acceptable. */
export function savedCommand(request: Omit<CommandRequest, 'stdin'>): SavedCommand {
  return {
    argv: request.argv ?? null,
    script: request.script ?? null,
    interpreter: request.script == null ? null : (request.interpreter ?? 'sh'),
    workingDirectory: request.workingDirectory ?? null,
    user: request.user ?? null,
    environment: (request.environment ?? []).map(({ name, value }) => ({ name, value })),
    timeoutMs: request.timeoutMs ?? COMMAND_LIMITS.defaultTimeoutMs,
    priority: request.priority ?? 0,
    concurrency: request.concurrency ?? null,
    idempotent: request.idempotent ?? false,
  };
}

/** Whether two commands run the same program, in the same place, as the same user. */
export function executesTheSame(a: SavedCommand, b: SavedCommand): boolean {
  const executed = ({ argv, script, interpreter, workingDirectory, user }: SavedCommand) =>
    JSON.stringify([argv, script, interpreter, workingDirectory, user]);
  return executed(a) === executed(b);
}
