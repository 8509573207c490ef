import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import type { ServerFilterInput, ServerOrder, ServerState } from '../../gql/graphql.js';
import { SERVER_STATES } from '../../ui/state-words.js';
import { relativeTime } from '../../ui/times.js';
import type { Cell } from '../../ui/table.js';
import { findGroup } from '../server-groups/find-group.js';
import { findServers } from './find-server.js';
import { alertLines, type AlertedServer } from './integrity-alert.js';
import { ListServers, WatchServers } from './servers.operations.js';

export interface ListOptions {
  state?: ServerState[];
  tag?: string[];
  anyTag?: string[];
  group?: string;
  search?: string;
  order?: ServerOrder;
}

export async function listServers(cli: Cli, options: ListOptions): Promise<void> {
  const session = await cli.session();
  const filter: ServerFilterInput = {
    ...(options.state && { states: options.state }),
    ...(options.tag && { tagsAll: options.tag }),
    ...(options.anyTag && { tagsAny: options.anyTag }),
    ...(options.search !== undefined && { search: options.search }),
    ...(options.group !== undefined && { groupId: (await findGroup(session, options.group)).id }),
  };
  const servers = await allPages(
    async (page) => (await session.ask(ListServers, { filter, orderBy: options.order ?? 'NAME', ...page })).servers,
  );
  await cli.output.answer(servers, () => {
    if (servers.length === 0) {
      const isFiltered = Object.keys(filter).length > 0;
      return isFiltered
        ? 'No server fits.\n'
        : 'No servers yet. Add one with pilothouse server add NAME --profile operator.\n';
    }
    const table = cli.output.table(
      [
        { title: 'STATE' },
        { title: 'NAME' },
        { title: 'GROUP' },
        { title: 'TAGS' },
        { title: 'LATENCY', align: 'right' },
        { title: 'SEEN' },
        { title: 'REASON' },
      ],
      servers.map((server) => [
        stateCell(server.state),
        server.name,
        server.group?.name ?? '',
        [...server.tags, ...server.automaticTags].join(' '),
        server.connected && server.latencyMs != null ? `${Math.round(server.latencyMs)} ms` : '',
        server.connected ? 'now' : server.lastSeenAt ? relativeTime(server.lastSeenAt) : 'never',
        server.stateReason,
      ]),
    );
    return table + alertLines(cli, servers);
  });
}

/** Prints how servers are, then each change until it is interrupted, across restarts of the control plane. */
export async function watchServers(cli: Cli, given: string[]): Promise<void> {
  const session = await cli.session();
  const serverIds = given.length > 0 ? (await findServers(session, given)).map(({ id }) => id) : null;
  const changes = session.follow(WatchServers, {
    variables: (afterSeq) => ({ afterSeq, serverIds }),
    item: ({ serverChanged }) => serverChanged,
  });
  // Following begins before the list is read: what changes in between is told twice rather than not at all.
  let next = ahead(changes.next());
  const filter = serverIds && { serverIds };
  const servers = await allPages(
    async (page) => (await session.ask(ListServers, { filter, orderBy: 'NAME', ...page })).servers,
  );
  for (const server of servers) await printChange(cli, { seq: null, serverId: server.id, server });
  for (let change = await next; !change.done; change = await next) {
    next = ahead(changes.next());
    await printChange(cli, change.value);
  }
}

/** A promise that is awaited later; until then its failure is no unhandled one. */
function ahead<Value>(promise: Promise<Value>): Promise<Value> {
  // Not lost: whoever awaits the promise gets the failure.
  promise.catch(() => undefined);
  return promise;
}

interface Change {
  /** Null for how it was at the beginning. */
  seq: number | null;
  serverId: string;
  server: (AlertedServer & { state: ServerState; stateReason: string }) | null;
}

async function printChange(cli: Cli, change: Change): Promise<void> {
  const { output } = cli;
  await output.event(change, () => {
    const at = new Date().toLocaleTimeString('en-GB');
    const { server, serverId } = change;
    if (!server) return output.line([at, serverId, 'was deleted']);
    return output.line([at, stateCell(server.state), server.name, server.stateReason]) + alertLines(cli, [server]);
  });
}

export function stateCell(state: ServerState): Cell {
  const { glyph, word, tone } = SERVER_STATES[state];
  return { text: `${glyph} ${word}`, tone };
}
