import type { ServerFilterInput, ServerState } from '../../gql/graphql.js';
import { allPages } from '../../kernel/all-pages.js';
import { CliError, EXIT } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { isBeginningOfId, isWholeId, onlyOne, withIdLike } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import { ServerNames, ServerStates } from './servers.operations.js';

export interface NamedServer {
  id: string;
  name: string;
}

/** So many ids may be asked for at once. */
const MAX_IDS = 200;

/** A server by its exact name, its id or the beginning of that. @throws CliError */
export async function findServer(session: Session, given: string): Promise<NamedServer> {
  const read = (filter: ServerFilterInput) =>
    allPages(async (page) => (await session.ask(ServerNames, { filter, ...page })).servers);
  const servers = await read(isWholeId(given) ? { serverIds: [given] } : { search: given });
  const found = servers.find(({ id, name }) => name === given || id === given.toLowerCase());
  if (found) return found;
  const begun = isBeginningOfId(given) ? withIdLike(await read({}), given) : [];
  if (begun.length > 0) return onlyOne('server', given, begun);
  const alike = servers.slice(0, 3).map(({ name }) => name);
  const hint = alike.length > 0 ? `Similar: ${alike.join(', ')}.` : `See ${CALLED} servers.`;
  throw new CliError(`There is no server ${given}. ${hint}`, EXIT.notFound, 'NOT_FOUND');
}

/** Several servers by id or name, each once. @throws CliError */
export async function findServers(session: Session, given: readonly string[]): Promise<NamedServer[]> {
  const found = await Promise.all([...new Set(given)].map((each) => findServer(session, each)));
  return [...new Map(found.map((server) => [server.id, server])).values()];
}

/** Names by id; a server that is gone is missing. */
export async function serverNames(session: Session, ids: readonly string[]): Promise<Map<string, string>> {
  return new Map((await serverStates(session, ids)).map(({ id, name }) => [id, name]));
}

/** Servers by id, those that are there. */
export async function serverStates(session: Session, ids: readonly string[]) {
  const distinct = [...new Set(ids)];
  const batches = Array.from({ length: Math.ceil(distinct.length / MAX_IDS) }, (_, index) =>
    distinct.slice(index * MAX_IDS, (index + 1) * MAX_IDS),
  );
  const servers: { id: string; name: string; state: ServerState }[] = [];
  for (const serverIds of batches) {
    servers.push(...(await session.ask(ServerStates, { filter: { serverIds }, first: MAX_IDS })).servers.nodes);
  }
  return servers;
}
