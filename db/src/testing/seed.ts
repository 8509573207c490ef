import { v7 as uuidv7 } from 'uuid';
import type { MembershipRole } from '../entities/membership.entity.js';
import { withClient, type TestDatabase } from './test-database.js';

export interface WorkspaceSeed {
  workspaceId?: string;
  name?: string;
  userId?: string;
  email?: string;
  role?: MembershipRole;
}

export interface SeededWorkspace {
  workspaceId: string;
  userId: string;
}

/** A workspace with one member, its owner unless told otherwise. The member has no password that would be accepted. */
export async function seedWorkspace(database: TestDatabase, seed: WorkspaceSeed = {}): Promise<SeededWorkspace> {
  const { workspaceId = uuidv7(), userId = uuidv7(), name = `Workspace ${workspaceId}`, role = 'OWNER' } = seed;
  const email = seed.email ?? `${userId}@example.test`;
  await withClient(database.adminUrl, (client) =>
    client.query({
      text: `with workspace as (
               insert into workspaces (id, name, created_at) values ($1, $2, now())),
             member as (
               insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
               values ($3, $4, $4, 'none', now(), now()))
             insert into memberships (workspace_id, user_id, role, created_at) values ($1, $3, $5, now())`,
      values: [workspaceId, name, userId, email, role],
    }),
  );
  return { workspaceId, userId };
}

export interface ServerSeed {
  serverId?: string;
  name?: string;
  profile?: string;
  scopes?: string[];
  concurrency?: number;
  generation?: number;
  /** Its agent, when it is enrolled. */
  identity?: { agentId?: string; publicKey: string };
  /** Its latest connection, when it has ever connected: open, of the server's generation. */
  session?: { counter?: number; replicaId?: string; instanceId?: string };
}

export interface SeededServer {
  serverId: string;
  metricKey: number;
}

/** A server of the workspace; not enrolled and never connected unless told otherwise. */
export async function seedServer(
  database: TestDatabase,
  workspaceId: string,
  seed: ServerSeed = {},
): Promise<SeededServer> {
  const { serverId = uuidv7(), generation = 1, identity, session } = seed;
  return withClient(database.adminUrl, async (client) => {
    const { rows } = await client.query<{ metricKey: number }>(
      `insert into servers (id, workspace_id, name, profile, scopes, concurrency, generation, created_at, enrolled_at)
       values ($1, $2, $3, $4, $5, $6, $7, now(), case when $8 then now() end) returning metric_key as "metricKey"`,
      [
        serverId,
        workspaceId,
        seed.name ?? `server-${serverId}`,
        seed.profile ?? 'full-access',
        seed.scopes ?? ['metrics', 'exec', 'shell', 'run-as'],
        seed.concurrency ?? 4,
        generation,
        identity !== undefined,
      ],
    );
    if (identity) {
      await client.query(
        `insert into agent_identities (id, workspace_id, server_id, public_key, created_at)
         values ($1, $2, $3, $4, now())`,
        [identity.agentId ?? uuidv7(), workspaceId, serverId, identity.publicKey],
      );
    }
    if (session) {
      const { counter = 1, replicaId = null, instanceId = null } = session;
      await client.query(
        `insert into agent_sessions (server_id, workspace_id, generation, counter, replica_id, instance_id, connected_at,
           last_frame_at)
         values ($1, $2, $3, $4, $5, $6, now(), now())`,
        [serverId, workspaceId, generation, counter, replicaId, instanceId],
      );
    }
    return { serverId, metricKey: rows[0]!.metricKey };
  });
}
