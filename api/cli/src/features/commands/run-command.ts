import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import type { RunCommandInput, RunCommandMutation, ShowCommandQuery } from '../../gql/graphql.js';
import type { Cli } from '../../kernel/cli.js';
import { CliError, EXIT, refused, Unreachable } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import type { Session } from '../../kernel/session.js';
import { COMMAND_STATES } from '../../ui/state-words.js';
import { findServer, serverNames } from '../servers/find-server.js';
import { commandInput, type ProgramOptions } from './command-input.js';
import { CancelCommand, RerunCommand, RunCommand, ShowCommand } from './commands.operations.js';
import { findCommand } from './find-command.js';
import { Interrupts } from './interrupts.js';
import { followOutput, passOn } from './output-stream.js';
import { quoted } from './quoted.js';

export const DELIVER_ADVICE = 'With --deliver-when-back it waits.';

export interface RunOptions extends ProgramOptions {
  detach?: boolean;
  deliverWhenBack?: boolean;
  expires?: number;
}

/** Runs one command on one server, and ends as it ends. */
export async function runCommand(cli: Cli, given: string, argv: string[], options: RunOptions): Promise<void> {
  const command = await commandInput(argv, options);
  const session = await cli.session();
  const server = await findServer(session, given);
  const input: RunCommandInput = {
    serverId: server.id,
    command,
    whenOffline: options.deliverWhenBack ? 'DELIVER' : 'SKIP',
    idempotencyKey: randomUUID(),
    ...(options.expires !== undefined && { expiresInMs: options.expires }),
  };
  // With its key the same request never queues twice, so it may be repeated while there is no connection.
  const { runCommand: queued } = await session.askUntilReached(RunCommand, { input });
  await attend(cli, session, { id: queuedId(queued, server.name), detach: options.detach ?? false });
}

/** Runs an earlier command again, on the same server. */
export async function rerunCommand(cli: Cli, given: string, options: RunOptions): Promise<void> {
  const session = await cli.session();
  const id = await findCommand(session, given);
  const { command } = await session.ask(ShowCommand, { id });
  const { rerunCommand: queued } = await session.askUntilReached(RerunCommand, {
    input: {
      commandId: id,
      whenOffline: options.deliverWhenBack ? 'DELIVER' : 'SKIP',
      idempotencyKey: randomUUID(),
    },
  });
  const name = (await serverNames(session, [command.serverId])).get(command.serverId) ?? command.serverId;
  await attend(cli, session, { id: queuedId(queued, name), detach: options.detach ?? false });
}

function queuedId(queued: RunCommandMutation['runCommand'], name: string): string {
  switch (queued.__typename) {
    case 'Command':
      return queued.id;
    case 'AgentOffline':
      throw new CliError(`${queued.message} ${DELIVER_ADVICE}`, EXIT.unavailable, queued.code);
    case 'QueueFull':
      throw refused(queued, EXIT.unavailable);
    case 'ScopeMissing':
      throw refused(queued, EXIT.notAllowed);
    case 'ServerNotReady': {
      const advice = `${CALLED} server reenrol ${quoted([name])} gives the line that enrols it.`;
      throw new CliError(`${queued.message} ${advice}`, EXIT.general, queued.code);
    }
  }
}

async function attend(cli: Cli, session: Session, { id, detach }: { id: string; detach: boolean }): Promise<void> {
  if (detach) return cli.output.event({ type: 'queued', commandId: id }, () => `${id}\n`);
  if (cli.output.json) await cli.output.event({ type: 'queued', commandId: id }, () => '');
  const interrupts = new Interrupts(cli.output, {
    stop: () => askForEnd(session, id),
    follow: `${CALLED} logs ${id} --follow`,
  });
  try {
    for await (const item of followOutput(session, id)) await passOn(cli, item);
  } catch (error) {
    if (error instanceof Unreachable) {
      throw new CliError(
        `${error.message} The command goes on: ${CALLED} logs ${id} --follow.`,
        EXIT.unavailable,
        error.code,
      );
    }
    throw error;
  } finally {
    interrupts.end();
  }
  const { command } = await session.askUntilReached(ShowCommand, { id });
  if (cli.output.json) await cli.output.event({ type: 'result', command }, () => '');
  else explain(cli, command);
  process.exitCode = exitCodeOf(command);
}

async function askForEnd(session: Session, commandId: string): Promise<string | null> {
  const { cancelCommand } = await session.askUntilReached(CancelCommand, { input: { commandId } });
  return cancelCommand.__typename === 'AlreadyFinished' ? cancelCommand.message : null;
}

type Command = ShowCommandQuery['command'];

/** Says on stderr what the exit code alone does not. */
function explain({ output }: Cli, { state, reason, signal, id }: Command): void {
  if (state === 'SUCCEEDED' || (state === 'FAILED' && signal == null && reason == null)) return;
  const { glyph, word, tone } = COMMAND_STATES[state];
  const why = reason ?? (signal == null ? '' : `ended by ${signal}`);
  output.note(`${output.paintError(`${glyph} ${word}`, tone)}${why && `: ${why}`} (${id})`);
}

/** The remote exit code, or what a shell would give for an end without one. */
export function exitCodeOf({ exitCode, state, signal }: Pick<Command, 'exitCode' | 'state' | 'signal'>): number {
  if (state === 'TIMED_OUT') return EXIT.timedOut;
  if (state === 'CANCELLED') return EXIT.interrupted;
  if (state === 'SUCCEEDED') return EXIT.ok;
  if (exitCode != null && exitCode !== 0) return exitCode;
  const { signals } = constants;
  const number = signal != null && signal in signals ? signals[signal as NodeJS.Signals] : null;
  return number === null ? EXIT.general : 128 + number;
}
