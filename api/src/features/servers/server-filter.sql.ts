import { ServerState, silentSince } from './server.state.js';

/** What a list of servers is narrowed to. Members narrow together; an empty list of one matches nothing. */
export interface ServerFilter {
  search?: string | null;
  states?: readonly ServerState[] | null;
  tagsAny?: readonly string[] | null;
  tagsAll?: readonly string[] | null;
  /** Servers in this group or in a group inside it. */
  groupId?: string | null;
  ids?: readonly string[] | null;
}

/** Values of a query, numbered as they are added. */
export class QueryParameters {
  readonly values: unknown[] = [];

  /** @returns the placeholder. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

/** The groups given and all groups inside them. */
export function groupsWithin(groupIds: string): string {
  return `(with recursive within as (
    select id from server_groups where id = any(${groupIds}::uuid[])
    union select g.id from server_groups g join within on g.parent_id = within.id) select id from within)`;
}

/** Conditions over `servers s` and its left-joined `agent_sessions a`. */
export function filterConditions(filter: ServerFilter, parameters: QueryParameters, now: Date): string[] {
  const { search, states, tagsAny, tagsAll, groupId, ids } = filter;
  const conditions: string[] = [];
  if (search) {
    const text = parameters.add(search);
    conditions.push(
      `strpos(lower(concat_ws(' ', s.name, s.description, s.facts->>'hostname', s.facts->>'addresses')), lower(${text})) > 0`,
    );
  }
  if (states) {
    const since = parameters.add(silentSince(now));
    const any = states.map((state) => stateCondition(state, since));
    // The value is used whatever is chosen: PostgreSQL wants to know the type of every parameter.
    conditions.push(`${since}::timestamptz is not null and (${any.join(' or ') || 'false'})`);
  }
  if (tagsAny) {
    conditions.push(
      `exists (select from server_tags t where t.server_id = s.id and t.tag = any(${parameters.add(tagsAny)}::text[]))`,
    );
  }
  if (tagsAll) {
    const wanted = parameters.add([...new Set(tagsAll)]);
    conditions.push(
      `cardinality(${wanted}::text[]) > 0 and (select count(*) from server_tags t where t.server_id = s.id and t.tag = any(${wanted}::text[])) = cardinality(${wanted}::text[])`,
    );
  }
  if (groupId) conditions.push(`s.group_id in ${groupsWithin(parameters.add([groupId]))}`);
  if (ids) conditions.push(`s.id = any(${parameters.add(ids)}::uuid[])`);
  return conditions;
}

const GONE = '(s.revoked_at is not null or s.deleted_at is not null)';
const TROUBLED = `(s.queue_held or coalesce(jsonb_path_exists(s.health, '$.checks[*] ? (@.ok == false)'), false))`;

/** `stateOf` in SQL. @param since placeholder of the time before which a silent connection is gone. */
function stateCondition(state: ServerState, since: string): string {
  const enrolled = `not ${GONE} and s.enrolled_at is not null`;
  const connected = `coalesce(a.connected_at is not null and a.disconnected_at is null and a.last_frame_at >= ${since}, false)`;
  const conditions: Record<ServerState, string> = {
    [ServerState.REVOKED]: GONE,
    [ServerState.PENDING]: `not ${GONE} and s.enrolled_at is null`,
    [ServerState.MAINTENANCE]: `${enrolled} and s.maintenance`,
    [ServerState.OFFLINE]: `${enrolled} and not s.maintenance and not ${connected}`,
    [ServerState.DEGRADED]: `${enrolled} and not s.maintenance and ${connected} and ${TROUBLED}`,
    [ServerState.ONLINE]: `${enrolled} and not s.maintenance and ${connected} and not ${TROUBLED}`,
  };
  return `(${conditions[state]})`;
}
