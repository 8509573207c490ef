import { v7 as uuidv7 } from 'uuid';
import { seedServer, seedWorkspace, type SeededWorkspace } from './seed.js';
import { withClient, type TestDatabase } from './test-database.js';

export interface FullWorkspace extends SeededWorkspace {
  serverId: string;
  agentId: string;
  /** Hex digits of the hash by which this workspace's session, API token, invitation and enrolment token are found. */
  hash: string;
}

/** A workspace with at least one row in every table that has a tenant. */
export async function seedEveryTable(database: TestDatabase): Promise<FullWorkspace> {
  const { workspaceId, userId } = await seedWorkspace(database);
  const agentId = uuidv7();
  const { serverId } = await seedServer(database, workspaceId, {
    identity: { agentId, publicKey: 'key' },
    session: { counter: 1 },
  });
  const seeded = { workspaceId, userId, serverId, agentId, hash: agentId.replaceAll('-', '') };
  await withClient(database.adminUrl, (client) => client.query(remainingRows(seeded)));
  return seeded;
}

/** One string of statements, which runs as one transaction. Every value is an id made here. */
function remainingRows({ workspaceId, userId, serverId, hash }: FullWorkspace): string {
  const [workspace, user, server] = [`'${workspaceId}'::uuid`, `'${userId}'::uuid`, `'${serverId}'::uuid`];
  const [group, run, command] = [uuidv7(), uuidv7(), uuidv7()].map((id) => `'${id}'::uuid`);
  const id = () => `'${uuidv7()}'::uuid`;
  return `
    select set_config('app.workspace', '${workspaceId}', true);
    insert into grants (id, workspace_id, user_id, role, tag, created_at)
      values (${id()}, ${workspace}, ${user}, 'OPERATOR', 'web', now());
    insert into sessions (id, user_id, token_hash, client, second_factor, created_at, last_used_at, expires_at, address, user_agent)
      values (${id()}, ${user}, '\\x${hash}', 'CLI', false, now(), now(), now() + interval '1 day', '127.0.0.1', 'test');
    insert into totp_credentials (user_id, sealed_secret, created_at) values (${user}, '', now());
    insert into recovery_codes (id, user_id, code_hash) values (${id()}, ${user}, '');
    insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
      values (${id()}, ${workspace}, ${user}, 'token', '\\x${hash}', 'abcd', '{}', now());
    insert into invitations (id, workspace_id, email, role, code_hash, invited_by, created_at, expires_at)
      values (${id()}, ${workspace}, '${workspaceId}@example.test', 'VIEWER', '\\x${hash}', ${user}, now(), now() + interval '1 day');
    insert into server_groups (id, workspace_id, name, created_at) values (${group}, ${workspace}, 'group', now());
    insert into server_tags (workspace_id, server_id, tag, automatic) values (${workspace}, ${server}, 'web', false);
    insert into enrolment_tokens (id, workspace_id, server_id, token_hash, scopes, created_at, expires_at)
      values (${id()}, ${workspace}, ${server}, '\\x${hash}', '{}', now(), now() + interval '1 day');
    insert into agent_connections (id, workspace_id, server_id, generation, counter, address, agent_version, connected_at)
      values (${id()}, ${workspace}, ${server}, 1, 1, '127.0.0.1', '0.1.0', now());
    insert into alerts (id, workspace_id, server_id, kind, reason, command_id, count, raised_at)
      values (${id()}, ${workspace}, ${server}, 'INTEGRITY', '', ${command}, 1, now());
    insert into command_runs (id, workspace_id, state, arguments, target, server_count, batch_size, batch_pause_ms, actor_kind,
        actor_id, created_at)
      values (${run}, ${workspace}, 'RUNNING', '{}', '{}', 1, 1, 0, 'USER', ${user}, now());
    insert into commands (id, workspace_id, server_id, run_id, sequence, priority, state, arguments, scopes, limits, idempotent,
        actor_kind, actor_id, search_text, envelope, envelope_digest, envelope_key_id, envelope_signature, created_at, expires_at)
      values (${command}, ${workspace}, ${server}, ${run}, 1, 0, 'QUEUED', '{}', '{}', '{}', false,
        'USER', ${user}, '', '', '', '', '', now(), now() + interval '1 day');
    insert into instructions (id, workspace_id, server_id, kind, command_id, envelope, envelope_key_id, envelope_signature,
        created_at, expires_at)
      values (${id()}, ${workspace}, ${server}, 'cancel', ${command}, '', '', '', now(), now() + interval '1 day');
    insert into command_output (workspace_id, command_id, seq, stream, position, data, recorded_at)
      values (${workspace}, ${command}, 1, 'STDOUT', 0, 'data', now());
    insert into command_templates (id, workspace_id, name, arguments, sealed_content, created_by, created_at, updated_at)
      values (${id()}, ${workspace}, 'template', '{}', '', ${user}, now(), now());
    select event_append('SERVER', ${server});
    select audit_append('USER', '${userId}', 'server.create', 'SERVER', '${serverId}', '{}', '');`;
}
