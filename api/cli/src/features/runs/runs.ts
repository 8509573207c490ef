import { randomUUID } from 'node:crypto';
import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { CliError, EXIT, refused, usageError } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import type { Session } from '../../kernel/session.js';
import type { RunOnServersInput, TargetInput } from '../../gql/graphql.js';
import { actorText } from '../../ui/actor-text.js';
import { RUN_STATES } from '../../ui/state-words.js';
import { counted, durationText, relativeTime } from '../../ui/times.js';
import { commandInput, type ProgramOptions } from '../commands/command-input.js';
import { Interrupts } from '../commands/interrupts.js';
import { DELIVER_ADVICE } from '../commands/run-command.js';
import { findGroup } from '../server-groups/find-group.js';
import { findServers } from '../servers/find-server.js';
import { findRun } from './find-run.js';
import { collectResults } from './collect-results.js';
import { groupResults } from './group-results.js';
import { leftOutLines, namesText } from './left-out.js';
import { ListRuns, PreviewRun, ShowRun, StartRun, StopRun } from './runs.operations.js';
import { resultsDocument, resultsText } from './show-results.js';
import { progressText, watchRun } from './watch-run.js';

export interface StartOptions extends ProgramOptions {
  server?: string[];
  tag?: string[];
  group?: string[];
  all?: boolean;
  exclude?: string[];
  batch?: number;
  canary?: number;
  pause?: number;
  maxFailures?: number;
  deliverWhenBack?: boolean;
  expires?: number;
  preview?: boolean;
  detach?: boolean;
}

/** Runs one command on many servers and shows how it ended; without anything to run or to aim at, lists earlier runs. */
export async function startRun(cli: Cli, argv: string[], options: StartOptions): Promise<void> {
  const hasTarget = Boolean(options.server ?? options.tag ?? options.group ?? options.all);
  if (!hasTarget && argv.length === 0 && options.script === undefined) return listRuns(cli, { limit: 20 });
  if (!hasTarget) throw usageError('Say where to run it: --server, --tag, --group or --all.');
  const session = await cli.session();
  if (options.preview) return previewRun(cli, await targetOf(session, options), options);
  const command = await commandInput(argv, options);
  const input: RunOnServersInput = {
    target: await targetOf(session, options),
    command,
    whenOffline: options.deliverWhenBack ? 'DELIVER' : 'SKIP',
    idempotencyKey: randomUUID(),
    ...(options.batch !== undefined && { batchSize: options.batch }),
    ...(options.canary !== undefined && { canarySize: options.canary }),
    ...(options.pause !== undefined && { batchPauseMs: options.pause }),
    ...(options.maxFailures !== undefined && { maxFailures: options.maxFailures }),
    ...(options.expires !== undefined && { expiresInMs: options.expires }),
  };
  const { runOnServers } = await session.askUntilReached(StartRun, { input });
  switch (runOnServers.__typename) {
    case 'Run':
      return options.detach
        ? cli.output.answer({ runId: runOnServers.id }, () => `${runOnServers.id}\n`)
        : attend(cli, session, runOnServers);
    case 'NoTargets':
      throw nowhere(runOnServers, options);
    case 'QueueFull':
      throw refused(runOnServers, EXIT.unavailable);
    case 'TooManyTargets':
      throw refused(runOnServers);
    case 'ScopeMissing':
      throw refused(runOnServers, EXIT.notAllowed);
  }
}

async function targetOf(session: Session, options: StartOptions): Promise<TargetInput> {
  const ids = async (given: readonly string[]) => (await findServers(session, given)).map(({ id }) => id);
  const groupIds = await Promise.all((options.group ?? []).map(async (given) => (await findGroup(session, given)).id));
  return {
    ...(options.all && { all: true }),
    ...(options.server && { serverIds: await ids(options.server) }),
    ...(options.tag && { tags: options.tag }),
    ...(groupIds.length > 0 && { groupIds }),
    ...(options.exclude && { excludeServerIds: await ids(options.exclude) }),
  };
}

/** There was no server to run it on: all were offline, or nothing fits what was asked for. */
function nowhere(
  refusal: { code: string; message: string; offlineCount: number },
  { tag, server }: StartOptions,
): CliError {
  if (refusal.offlineCount > 0)
    return new CliError(`${refusal.message} ${DELIVER_ADVICE}`, EXIT.unavailable, refusal.code);
  if (server) return refused(refusal);
  const message = tag ? `No server on which you may run commands has the tag ${tag.join(' or ')}.` : refusal.message;
  return new CliError(message, EXIT.notFound, refusal.code);
}

async function previewRun(cli: Cli, target: TargetInput, { deliverWhenBack = false }: StartOptions): Promise<void> {
  const session = await cli.session();
  const { runPreview: preview } = await session.ask(PreviewRun, { target });
  const { servers, serverCount, offline, offlineCount, notReady } = preview;
  const leftOut = [...(deliverWhenBack ? [] : offline), ...notReady].map(({ id }) => id);
  const lines = cli.output.json ? [] : await leftOutLines(session, leftOut);
  const names = (list: readonly { name: string }[], count: number) =>
    namesText(
      list.map(({ name }) => name),
      count,
    );
  await cli.output.answer(preview, () =>
    [
      `Runs on ${counted(serverCount, 'server')}${serverCount > 0 ? `: ${names(servers, serverCount)}` : ''}.`,
      ...(deliverWhenBack && offlineCount > 0 ? [`Once back, on: ${names(offline, offlineCount)}.`] : []),
      ...lines,
      '',
    ].join('\n'),
  );
}

async function attend(
  cli: Cli,
  session: Session,
  { id, skippedServerIds }: { id: string; skippedServerIds: string[] },
): Promise<void> {
  for (const line of await leftOutLines(session, skippedServerIds)) cli.output.note(line);
  const interrupts = new Interrupts(cli.output, {
    stop: async () => {
      const { stopRun: stopped } = await session.askUntilReached(StopRun, { input: { runId: id } });
      return stopped.__typename === 'AlreadyFinished' ? stopped.message : null;
    },
    follow: `${CALLED} runs show ${id}`,
  });
  try {
    const run = await watchRun(session, id);
    await answerRun(cli, session, id);
    const isGood = run.state === 'FINISHED' && run.progress.every(({ state }) => state === 'SUCCEEDED');
    process.exitCode = isGood ? EXIT.ok : EXIT.general;
  } finally {
    interrupts.end();
  }
}

/** A run with its results so far, grouped by how they ended and what was written. */
export async function showRun(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  await answerRun(cli, session, await findRun(session, given));
}

async function answerRun(cli: Cli, session: Session, id: string): Promise<void> {
  const { run } = await session.ask(ShowRun, { id });
  const groups = groupResults(await collectResults(session, id));
  await cli.output.answer({ run, groups: resultsDocument(groups) }, () => {
    const { glyph, word, tone } = RUN_STATES[run.state];
    const took = run.finishedAt ? durationText(Date.parse(run.finishedAt) - Date.parse(run.createdAt)) : null;
    const summary = cli.output.facts([
      ['run', run.id],
      ['state', { text: `${glyph} ${word}`, tone }],
      ['why', run.stopReason],
      ['servers', progressText(run)],
      ['left out', run.skippedServerIds.length > 0 ? counted(run.skippedServerIds.length, 'server') : null],
      ['asked by', actorText(run.actor)],
      ['started', relativeTime(run.createdAt)],
      ['took', took],
    ]);
    return `${resultsText(cli, groups)}\n${summary}`;
  });
}

export async function listRuns(cli: Cli, { limit }: { limit: number }): Promise<void> {
  const session = await cli.session();
  const runs = await allPages(async (page) => (await session.ask(ListRuns, page)).runHistory, limit);
  await cli.output.answer(runs, () => {
    if (runs.length === 0) return `No runs. Start one with ${CALLED} runs --tag TAG -- PROGRAM.\n`;
    const short = cli.output.ids(runs.map(({ id }) => id));
    return cli.output.table(
      [{ title: 'RUN' }, { title: 'STATE' }, { title: 'STARTED' }, { title: 'SERVERS' }],
      runs.map((run) => {
        const { glyph, word, tone } = RUN_STATES[run.state];
        return [short(run.id), { text: `${glyph} ${word}`, tone }, relativeTime(run.createdAt), progressText(run)];
      }),
    );
  });
}

export async function stopRun(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const { stopRun: stopped } = await session.ask(StopRun, { input: { runId: await findRun(session, given) } });
  switch (stopped.__typename) {
    case 'Run':
      return cli.output.answer(
        { id: stopped.id, state: stopped.state },
        () => `The run is ${RUN_STATES[stopped.state].word}.\n`,
      );
    case 'AlreadyFinished':
      throw refused(stopped);
  }
}
