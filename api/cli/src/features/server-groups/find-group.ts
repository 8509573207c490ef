import { allPages } from '../../kernel/all-pages.js';
import { CliError, EXIT } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { withIdLike } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import type { ListGroupsQuery } from '../../gql/graphql.js';
import { ListGroups } from './groups.operations.js';

type Group = ListGroupsQuery['serverGroups']['nodes'][number];

/** A group with the names of all it lies in: `europe/web`. */
export type PlacedGroup = Group & { path: string };

/** All groups with their paths, in the order of a tree. */
export async function readGroups(session: Session): Promise<PlacedGroup[]> {
  const groups = await allPages(async (page) => (await session.ask(ListGroups, page)).serverGroups);
  return placeGroups(groups).toSorted((a, b) => a.path.localeCompare(b.path));
}

export function placeGroups<Node extends { id: string; name: string; parentId?: string | null }>(
  groups: readonly Node[],
): (Node & { path: string })[] {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const pathOf = (group: Node, below: ReadonlySet<string>): string => {
    const parent = group.parentId == null ? undefined : byId.get(group.parentId);
    if (!parent || below.has(parent.id)) return group.name;
    return `${pathOf(parent, new Set([...below, parent.id]))}/${group.name}`;
  };
  return groups.map((group) => ({ ...group, path: pathOf(group, new Set([group.id])) }));
}

/** A group by id or the beginning of it, by path, or by name where only one has it. @throws CliError */
export async function findGroup(session: Session, given: string): Promise<PlacedGroup> {
  const groups = await readGroups(session);
  const exact = groups.find(({ id, path }) => id === given || path === given);
  if (exact) return exact;
  const named = groups.filter(({ name }) => name === given);
  const [only, ...others] = named.length > 0 ? named : withIdLike(groups, given);
  if (only && others.length === 0) return only;
  const hint = only
    ? `Several are meant: ${[only, ...others].map(({ path }) => path).join(', ')}.`
    : `See ${CALLED} groups.`;
  throw new CliError(`There is no one group ${given}. ${hint}`, EXIT.notFound, 'NOT_FOUND');
}
