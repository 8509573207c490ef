import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { CALLED } from '../../kernel/environment.js';
import type { ServerFilterInput, ServerOrder, ServerState } from '../../gql/graphql.js';
import { SERVER_STATES } from '../../ui/state-words.js';
import { relativeTime } from '../../ui/times.js';
import type { Cell } from '../../ui/table.js';
import { findGroup } from '../server-groups/find-group.js';
import { findServers } from './find-server.js';
import { alertLines, type AlertedServer } from './integrity-alert.js';
import { ListServers, NewestChange, WatchServers } from './servers.operations.js';

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
        : `No servers yet. Add one with ${CALLED} server add NAME --profile operator.\n`;
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
  // Asked for before the list is read: what changes in between is told twice rather than not at all.
  const { newestChange } = await session.ask(NewestChange, {});
  const filter = serverIds && { serverIds };
  const servers = await allPages(
    async (page) => (await session.ask(ListServers, { filter, orderBy: 'NAME', ...page })).servers,
  );
  const shown = new ShownServers(cli);
  for (const server of servers) await shown.print({ seq: null, serverId: server.id, server });
  const changes = session.follow(WatchServers, {
    variables: (afterSeq) => ({ afterSeq, serverIds }),
    item: ({ serverChanged }) => serverChanged,
    afterSeq: newestChange,
  });
  for await (const change of changes) await shown.print(change);
}

interface Change {
  /** Null for how it was at the beginning. */
  seq: number | null;
  serverId: string;
  server: (AlertedServer & { state: ServerState; stateReason: string }) | null;
}

/** What was said of each server: a change that shows nothing new, of its description say, is no line for people. */
class ShownServers {
  private readonly texts = new Map<string, string>();

  constructor(private readonly cli: Cli) {}

  async print(change: Change): Promise<void> {
    const { output } = this.cli;
    const text = this.textOf(change);
    if (!output.json && this.texts.get(change.serverId) === text) return;
    this.texts.set(change.serverId, text);
    const at = new Date().toLocaleTimeString('en-GB');
    await output.event(change, () => `${at}  ${text}`);
  }

  private textOf({ server, serverId }: Change): string {
    const { output } = this.cli;
    if (!server) return output.line([serverId, 'was deleted']);
    return output.line([stateCell(server.state), server.name, server.stateReason]) + alertLines(this.cli, [server]);
  }
}

export function stateCell(state: ServerState): Cell {
  const { glyph, word, tone } = SERVER_STATES[state];
  return { text: `${glyph} ${word}`, tone };
}
