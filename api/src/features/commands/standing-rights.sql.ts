import { ACTIONS, atLeast, ROLES } from '../../kernel/authorisation/index.js';

const { minimum, tokenScope } = ACTIONS['commands.run'];
const STRONG_ENOUGH = ROLES.filter((role) => atLeast(role, minimum))
  .map((role) => `'${role}'`)
  .join(', ');

/**
 * SQL that holds where whoever queued a command may still run it there, and its server still permits what it does. `row`
 * has the command's actor, server and scopes; `now` is the time at which tokens end.
 *
 * By the rules of `mayOnServer`, in the statement that takes commands: nothing that rights hang on can change unseen.
 */
export function mayStillRun(row: string, now: string): string {
  return `exists (
    select from servers s join workspaces home on home.id = s.workspace_id join memberships m on m.workspace_id = s.workspace_id
        join users u on u.id = m.user_id
     where s.id = ${row}.server_id and ${row}.scopes <@ s.scopes and home.deleted_at is null and u.disabled_at is null
       and m.user_id = case ${row}.actor_kind
             when 'USER' then ${row}.actor_id
             when 'API_TOKEN' then (select t.user_id from api_tokens t
               where t.id = ${row}.actor_id and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${now})
                 and '${tokenScope}' = any(t.scopes)) end
       and (m.role in (${STRONG_ENOUGH}) or exists (
             select from grants g
              where g.workspace_id = s.workspace_id and g.user_id = m.user_id and g.role in (${STRONG_ENOUGH})
                and (g.server_id = s.id or exists (select from server_tags t
                       where t.server_id = s.id and t.tag = g.tag and not t.automatic)))))`;
}
