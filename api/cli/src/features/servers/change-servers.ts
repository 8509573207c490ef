import { randomUUID } from 'node:crypto';
import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { CliError, EXIT, refused, usageError } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import type { CreateServerInput, PermissionProfileName, ServerProblem, UpdateServerInput } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { counted, relativeTime } from '../../ui/times.js';
import { quoted } from '../commands/quoted.js';
import { findGroup } from '../server-groups/find-group.js';
import { findServer, findServers } from './find-server.js';
import {
  ChangeTagsOnServers,
  CreateServer,
  DeleteServer,
  ListServers,
  MoveServersToGroup,
  ReenrolServer,
  RevokeServer,
  RotateServerKey,
  SetServerMaintenance,
  UpdateServer,
} from './servers.operations.js';

export interface AddOptions {
  profile: PermissionProfileName;
  description?: string;
  group?: string;
  /** The same as `group`. */
  to?: string;
  tag?: string[];
  protected?: boolean;
  concurrency?: number;
}

export async function addServer(cli: Cli, name: string, options: AddOptions): Promise<void> {
  const session = await cli.session();
  const group = options.group ?? options.to;
  const input = {
    name,
    profile: options.profile,
    idempotencyKey: randomUUID(),
    ...(options.description !== undefined && { description: options.description }),
    ...(group !== undefined && { groupId: (await findGroup(session, group)).id }),
    ...(options.tag && { tags: options.tag }),
    ...(options.protected && { protected: true }),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
  } as CreateServerInput;
  const { createServer } = await session.ask(CreateServer, { input });
  switch (createServer.__typename) {
    case 'ServerEnrolment':
      return answerEnrolment(cli, createServer, 'Added');
    case 'GroupNotFound':
    case 'ServerNameTaken':
      throw refused(createServer);
  }
}

export async function reenrolServer(cli: Cli, given: string, options: { replaceOnline?: boolean }): Promise<void> {
  const session = await cli.session();
  const { id: serverId } = await findServer(session, given);
  const { reenrolServer: again } = await session.ask(ReenrolServer, {
    input: { serverId, replaceOnline: options.replaceOnline ?? false },
  });
  switch (again.__typename) {
    case 'ServerEnrolment':
      return answerEnrolment(cli, again, 'Made a new token for');
    case 'ServerOnline':
      throw new CliError(`${again.message} Add --replace-online to do it all the same.`, EXIT.general, again.code);
  }
}

const LOOPBACK_URL = / --url '?https?:\/\/(127\.|localhost\b|\[::1\])/;

const LOOPBACK_HINT =
  'Only this machine reaches that address. For other hosts, start Pilothouse with PILOTHOUSE_LISTEN first.';

interface Enrolment {
  server: { id: string; name: string; scopes: string[] };
  enrolment?: {
    command: string;
    installCommand: string;
    installCommandWithWget: string;
    token: string;
    expiresAt: string;
  } | null;
}

async function answerEnrolment(cli: Cli, { server, enrolment }: Enrolment, done: string): Promise<void> {
  await cli.output.answer({ server, enrolment }, () => {
    if (!enrolment) return `${server.name} is enrolled already.\n`;
    const { command, installCommand, installCommandWithWget, token, expiresAt } = enrolment;
    return [
      `${done} ${server.name}. It grants: ${server.scopes.map(word).join(', ')}.`,
      '',
      'Run this on the host; it asks for the token, brings the agent, enrols it and starts it:',
      `  ${installCommand}`,
      'without curl there:',
      `  ${installCommandWithWget}`,
      'with the agent there already:',
      `  ${command}`,
      'where no systemd runs, as in a container: the same, then keep this running:',
      '  pilothouse-agent run',
      ...(LOOPBACK_URL.test(command) ? [LOOPBACK_HINT] : []),
      '',
      `Token, good once, ends ${relativeTime(expiresAt)}, not shown again:`,
      `  ${token}`,
      '',
      'See it come online:',
      `  ${CALLED} servers watch ${quoted([server.name])}`,
      '',
    ].join('\n');
  });
}

export interface EditOptions {
  name?: string;
  description?: string;
  profile?: PermissionProfileName;
  concurrency?: number;
  protected?: boolean;
}

export async function editServer(cli: Cli, given: string, options: EditOptions): Promise<void> {
  if (Object.keys(options).length === 0) throw usageError('Say what to change. Add --help to see what can be.');
  const session = await cli.session();
  const { id: serverId } = await findServer(session, given);
  const input: UpdateServerInput = { serverId, ...options };
  const { updateServer } = await session.ask(UpdateServer, { input });
  switch (updateServer.__typename) {
    case 'Server':
      return cli.output.answer(updateServer, () => `Changed ${updateServer.name}.\n`);
    case 'GroupNotFound':
    case 'ServerNameTaken':
      throw refused(updateServer);
  }
}

export async function tagServers(
  cli: Cli,
  given: string[],
  options: { add?: string[]; remove?: string[] },
): Promise<void> {
  const { add = [], remove = [] } = options;
  const session = await cli.session();
  const serverIds = (await findServers(session, given)).map(({ id }) => id);
  if (add.length + remove.length === 0) return showTags(cli, serverIds);
  const { changeTagsOnServers } = await session.ask(ChangeTagsOnServers, { input: { serverIds, add, remove } });
  await answerOutcomes(cli, changeTagsOnServers.outcomes, tagsText);
}

async function showTags(cli: Cli, serverIds: readonly string[]): Promise<void> {
  const session = await cli.session();
  const filter = { serverIds: [...serverIds] };
  const servers = await allPages(
    async (page) => (await session.ask(ListServers, { filter, orderBy: 'NAME', ...page })).servers,
  );
  await cli.output.answer(
    servers.map(({ id, name, tags, automaticTags }) => ({ id, name, tags, automaticTags })),
    () => servers.map((server) => `${tagsText(server)}\n`).join(''),
  );
}

function tagsText({ name, tags, automaticTags }: { name: string; tags: string[]; automaticTags: string[] }): string {
  const automatic = automaticTags.length > 0 ? ` (by itself: ${automaticTags.join(' ')})` : '';
  return `${name}: ${tags.join(' ') || 'no tags'}${automatic}`;
}

export async function moveServers(
  cli: Cli,
  given: string[],
  options: { group?: string; to?: string; out?: boolean },
): Promise<void> {
  const group = options.group ?? options.to;
  if ((group === undefined) !== (options.out ?? false))
    throw usageError('Say where to: --group GROUP, or --out of every group.');
  const session = await cli.session();
  const serverIds = (await findServers(session, given)).map(({ id }) => id);
  const groupId = group === undefined ? null : (await findGroup(session, group)).id;
  const { moveServersToGroup: moved } = await session.ask(MoveServersToGroup, { input: { serverIds, groupId } });
  switch (moved.__typename) {
    case 'ServerOutcomes':
      return answerOutcomes(cli, moved.outcomes, ({ name, group }) => `${name}: ${group?.name ?? 'in no group'}`);
    case 'GroupNotFound':
      throw refused(moved);
  }
}

const PROBLEMS: Record<ServerProblem, string> = {
  FORBIDDEN: 'you may not change this server',
  NOT_FOUND: 'there is no such server',
  TOO_MANY_TAGS: 'it would have more tags than a server may have',
};

interface Outcome<Changed> {
  serverId: string;
  problem?: ServerProblem | null;
  server?: Changed | null;
}

async function answerOutcomes<Changed>(
  cli: Cli,
  outcomes: readonly Outcome<Changed>[],
  describe: (server: Changed) => string,
): Promise<void> {
  await cli.output.answer(outcomes, () =>
    outcomes
      .map(({ server, serverId, problem }) =>
        server ? describe(server) : `${serverId}: ${PROBLEMS[problem ?? 'NOT_FOUND']}`,
      )
      .map((text) => `${text}\n`)
      .join(''),
  );
  const failed = outcomes.filter(({ server }) => !server).length;
  if (failed > 0)
    throw new CliError(
      `${counted(failed, 'server')} of ${outcomes.length} stayed ${failed === 1 ? 'as it was' : 'as they were'}.`,
    );
}

export async function setMaintenance(cli: Cli, given: string, mark: 'ON' | 'OFF'): Promise<void> {
  const session = await cli.session();
  const { id: serverId } = await findServer(session, given);
  const { setServerMaintenance: server } = await session.ask(SetServerMaintenance, {
    input: { serverId, maintenance: mark === 'ON' },
  });
  await cli.output.answer(
    server,
    () => `${server.name} is ${server.maintenance ? 'in' : 'no longer in'} maintenance.\n`,
  );
}

export async function rotateServerKey(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const { id: serverId } = await findServer(session, given);
  const { rotateServerKey: asked } = await session.ask(RotateServerKey, { input: { serverId } });
  switch (asked.__typename) {
    case 'Server':
      return cli.output.answer(asked, () => {
        const when = asked.connected
          ? 'It connects again with it in a moment'
          : 'It is offline and does so when it is back';
        return `Asked ${asked.name} for a new key. ${when}; ${CALLED} audit --target ${asked.id} shows it.\n`;
      });
    case 'ServerNotEnrolled':
    case 'AgentTooOld':
      throw refused(asked);
  }
}

export async function revokeServer(cli: Cli, given: string, options: { yes?: boolean }): Promise<void> {
  const session = await cli.session();
  const { id, name } = await findServer(session, given);
  await cli.prompt.consent(`Revoke ${name}? Its agent is cut off until it is enrolled anew; the history is kept.`, {
    yes: options.yes ?? false,
  });
  const { revokeServer: server } = await session.ask(RevokeServer, { input: { serverId: id } });
  await cli.output.answer(server, () => `Revoked ${server.name}.\n`);
}

export async function removeServer(cli: Cli, given: string, options: { yes?: boolean }): Promise<void> {
  const session = await cli.session();
  const { id, name } = await findServer(session, given);
  await cli.prompt.consent(`Remove ${name} for good? The audit is kept.`, {
    yes: options.yes ?? false,
  });
  const { deleteServer } = await session.ask(DeleteServer, { input: { serverId: id } });
  switch (deleteServer.__typename) {
    case 'ServerDeleted':
      return cli.output.answer({ id, name, removed: true }, () => `Removed ${name}.\n`);
    case 'ServerNotRevoked':
      throw refused(deleteServer);
  }
}
