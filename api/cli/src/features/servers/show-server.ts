import type { Cli } from '../../kernel/cli.js';
import type { ShowServerQuery } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { mebibytes } from '../../ui/figures.js';
import { counted, relativeTime } from '../../ui/times.js';
import { findServer } from './find-server.js';
import { alertAdvice } from './integrity-alert.js';
import { stateCell } from './list-servers.js';
import { ShowServer } from './servers.operations.js';

export async function showServer(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const { server } = await session.ask(ShowServer, { id: (await findServer(session, given)).id });
  await cli.output.answer(server, () =>
    [alertAdvice(cli, server), overview(cli, server), host(cli, server), checks(cli, server)]
      .filter((part) => part !== '')
      .join('\n'),
  );
}

type Server = ShowServerQuery['server'];

function overview({ output }: Cli, server: Server): string {
  return output.facts([
    ['server', { text: server.name, tone: 'strong' }],
    ['id', server.id],
    ['state', stateCell(server.state)],
    ['reason', server.stateReason],
    ['description', server.description],
    ['group', server.group?.name],
    ['tags', [...server.tags, ...server.automaticTags].join(' ')],
    ['seen', server.connected ? 'now' : server.lastSeenAt && relativeTime(server.lastSeenAt)],
    ['connected', server.connected ? server.connectedAt && relativeTime(server.connectedAt) : null],
    ['disconnected', server.connected ? null : server.disconnectReason],
    ['latency', server.latencyMs == null ? null : `${Math.round(server.latencyMs)} ms`],
    ['profile', `${word(server.profile)} (${server.scopes.map(word).join(', ')})`],
    ['protected', server.protected ? 'yes, to be careful with' : null],
    ['identity', server.duplicateIdentity ? { text: 'two agents use it by turns', tone: 'bad' } : null],
    ['queue', server.queueHeld ? { text: 'held until somebody has looked at it', tone: 'warn' } : null],
    ['commands', `at most ${server.concurrency} at once`],
    ['agent', server.agentVersion && `${server.agentVersion}, protocol ${server.protocolVersion ?? 'unknown'}`],
    ['added', relativeTime(server.createdAt)],
    ['enrolled', server.enrolledAt ? relativeTime(server.enrolledAt) : 'not yet'],
  ]);
}

function host({ output }: Cli, { facts }: Server): string {
  if (!facts) return '';
  const { hostname, addresses, osName, osVersion, kernel, architecture, virtualisation, cpuCount, cpuModel } = facts;
  return output.facts([
    ['host', hostname],
    ['addresses', addresses.join(' ')],
    [
      'system',
      `${osName} ${osVersion}, kernel ${kernel}, ${architecture}${virtualisation ? `, ${virtualisation}` : ''}`,
    ],
    ['processor', `${counted(cpuCount, 'core')}, ${cpuModel}`],
    ['memory', `${mebibytes(facts.memoryMib)}, swap ${mebibytes(facts.swapMib)}`],
    ['disks', mebibytes(facts.diskMib)],
    ['started', relativeTime(facts.bootedAt)],
    ['agent user', `${facts.agentUser}${facts.systemd ? ', commands in systemd units' : ''}`],
  ]);
}

function checks({ output }: Cli, { healthChecks }: Server): string {
  return output.facts(
    healthChecks.map(({ name, ok, message }) => [
      name,
      ok ? { text: '● as it should be', tone: 'ok' } : { text: `▲ ${message ?? 'fails'}`, tone: 'warn' },
    ]),
  );
}
