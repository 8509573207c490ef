import { allPages } from '../../kernel/all-pages.js';
import { CliError, EXIT } from '../../kernel/cli-error.js';
import type { Session } from '../../kernel/session.js';
import { ServerNames } from './servers.operations.js';

export interface NamedServer {
  id: string;
  name: string;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** So many ids may be asked for at once. */
const MAX_IDS = 200;

/** A server by its id or exact name. @throws CliError */
export async function findServer(session: Session, given: string): Promise<NamedServer> {
  const filter = ID.test(given) ? { serverIds: [given] } : { search: given };
  const servers = await allPages(async (page) => (await session.ask(ServerNames, { filter, ...page })).servers);
  const found = servers.find(({ id, name }) => name === given || id === given.toLowerCase());
  if (found) return found;
  const alike = servers.slice(0, 3).map(({ name }) => name);
  const hint = alike.length > 0 ? `Similar: ${alike.join(', ')}.` : 'See pilothouse servers.';
  throw new CliError(`There is no server ${given}. ${hint}`, EXIT.notFound, 'NOT_FOUND');
}

/** Several servers by id or name, each once. @throws CliError */
export async function findServers(session: Session, given: readonly string[]): Promise<NamedServer[]> {
  const found = await Promise.all([...new Set(given)].map((each) => findServer(session, each)));
  return [...new Map(found.map((server) => [server.id, server])).values()];
}

/** Names by id; a server that is gone is missing. */
export async function serverNames(session: Session, ids: readonly string[]): Promise<Map<string, string>> {
  const distinct = [...new Set(ids)];
  const names = new Map<string, string>();
  for (let start = 0; start < distinct.length; start += MAX_IDS) {
    const filter = { serverIds: distinct.slice(start, start + MAX_IDS) };
    const { servers } = await session.ask(ServerNames, { filter, first: MAX_IDS });
    for (const { id, name } of servers.nodes) names.set(id, name);
  }
  return names;
}
