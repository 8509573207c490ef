import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { refused } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import type { CommandFilterInput, CommandState, CommandHistoryQuery } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { actorText } from '../../ui/actor-text.js';
import { byteText } from '../../ui/figures.js';
import { safeText } from '../../ui/safe-text.js';
import { COMMAND_STATES } from '../../ui/state-words.js';
import type { Cell } from '../../ui/table.js';
import { durationText, relativeTime } from '../../ui/times.js';
import { findRun } from '../runs/find-run.js';
import { findServers, serverNames } from '../servers/find-server.js';
import { CancelCommand, CommandHistory, ShowCommand } from './commands.operations.js';
import { findCommand } from './find-command.js';
import { followOutput, passOn } from './output-stream.js';
import { quoted } from './quoted.js';

export interface HistoryOptions {
  server?: string[];
  state?: CommandState[];
  run?: string;
  search?: string;
  undelivered?: boolean;
  limit: number;
}

export async function listCommands(cli: Cli, options: HistoryOptions): Promise<void> {
  const session = await cli.session();
  const filter: CommandFilterInput = {
    ...(options.server && { serverIds: (await findServers(session, options.server)).map(({ id }) => id) }),
    ...(options.state && { states: options.state }),
    ...(options.run !== undefined && { runId: await findRun(session, options.run) }),
    ...(options.search !== undefined && { search: options.search }),
    ...(options.undelivered && { undelivered: true }),
  };
  const commands = await allPages(
    async (page) => (await session.ask(CommandHistory, { filter, ...page })).commandHistory,
    options.limit,
  );
  const names = await serverNames(
    session,
    commands.map(({ serverId }) => serverId),
  );
  await cli.output.answer(
    commands.map((command) => ({ ...command, serverName: names.get(command.serverId) ?? null })),
    () => {
      if (commands.length === 0) return `No commands. Run one with ${CALLED} run SERVER -- PROGRAM.\n`;
      const short = cli.output.ids(commands.map(({ id }) => id));
      return cli.output.table(
        [
          { title: 'COMMAND' },
          { title: 'STATE' },
          { title: 'EXIT', align: 'right' },
          { title: 'SERVER' },
          { title: 'ASKED' },
          { title: 'TOOK', align: 'right' },
          { title: 'PROGRAM' },
        ],
        commands.map((command) => [
          short(command.id),
          commandStateCell(command.state),
          command.exitCode == null ? '' : String(command.exitCode),
          names.get(command.serverId) ?? command.serverId,
          relativeTime(command.createdAt),
          command.durationMs == null ? '' : durationText(command.durationMs),
          programText(command.program),
        ]),
      );
    },
  );
}

export async function showCommand(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const id = await findCommand(session, given);
  const { command } = await session.ask(ShowCommand, { id });
  const serverName = (await serverNames(session, [command.serverId])).get(command.serverId) ?? null;
  await cli.output.answer({ ...command, serverName }, () => {
    const { program, actor, lateResult } = command;
    const shown = cli.output.facts([
      ['command', command.id],
      ['server', serverName ?? command.serverId],
      ['run', command.runId],
      ['state', commandStateCell(command.state)],
      ['reason', command.reason],
      [
        'outcome',
        command.outcome === 'UNKNOWN'
          ? { text: 'not known: the effect may or may not have happened', tone: 'warn' }
          : null,
      ],
      ['exit code', command.exitCode == null ? null : String(command.exitCode)],
      ['signal', command.signal],
      ['program', program.argv ? quoted(program.argv) : `${word(program.interpreter ?? 'SH')} script`],
      ['user', program.user],
      ['directory', program.workingDirectory],
      ['environment', program.environmentNames.join(' ')],
      ['stdin', program.hasStdin ? 'given' : null],
      ['asked by', actorText(actor)],
      ['asked', relativeTime(command.createdAt)],
      ['started', command.startedAt && relativeTime(command.startedAt)],
      ['took', command.durationMs == null ? null : durationText(command.durationMs)],
      ['time-out', durationText(command.timeoutMs)],
      ['cancel asked', command.cancelRequestedAt && relativeTime(command.cancelRequestedAt)],
      ['unreachable', command.unreachableSince && `since ${relativeTime(command.unreachableSince)}`],
      ['repeats', command.rerunOfId],
      ['output', `${byteText(command.stdoutBytes)} stdout, ${byteText(command.stderrBytes)} stderr`],
      ['late result', lateResult && `${COMMAND_STATES[lateResult.state].word} ${relativeTime(lateResult.at)}`],
    ]);
    return program.script == null ? shown : `${shown}\n${safeText(program.script)}\n`;
  });
}

/** What was recorded of a command's output; with `follow` also what is still to come. */
export async function showLogs(cli: Cli, given: string, options: { follow?: boolean }): Promise<void> {
  const session = await cli.session();
  const id = await findCommand(session, given);
  const { command } = await session.ask(ShowCommand, { id });
  const toEnd = options.follow || command.finishedAt != null;
  const recordedBytes = toEnd ? Number.POSITIVE_INFINITY : command.stdoutBytes + command.stderrBytes;
  let passedBytes = 0;
  if (recordedBytes === 0) return;
  for await (const item of followOutput(session, id)) {
    await passOn(cli, item);
    passedBytes += item.missingBytes + Buffer.byteLength(item.data, 'base64');
    if (passedBytes >= recordedBytes) return;
  }
}

export async function cancelCommand(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const id = await findCommand(session, given);
  const { cancelCommand: cancelled } = await session.ask(CancelCommand, { input: { commandId: id } });
  switch (cancelled.__typename) {
    case 'Command':
      return cli.output.answer(
        { id: cancelled.id, state: cancelled.state, cancelRequestedAt: cancelled.cancelRequestedAt },
        () => (cancelled.state === 'CANCELLED' ? 'Cancelled.\n' : 'Asked its agent to end it.\n'),
      );
    case 'AlreadyFinished':
      throw refused(cancelled);
  }
}

export function commandStateCell(state: CommandState): Cell {
  const { glyph, word, tone } = COMMAND_STATES[state];
  return { text: `${glyph} ${word}`, tone };
}

type Program = CommandHistoryQuery['commandHistory']['nodes'][number]['program'];

/** A program on one line; of a script its first line. */
export function programText({ argv, script }: Pick<Program, 'argv' | 'script'>): string {
  if (argv) return quoted(argv);
  const [first = '', ...rest] = (script ?? '').trim().split('\n');
  return rest.length > 0 ? `${first} …` : first;
}
