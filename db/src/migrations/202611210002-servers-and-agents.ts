import type { MigrationInterface, QueryRunner } from 'typeorm';
import { closeTable, CURRENT_WORKSPACE, DEFINER, openToSigner, withinWorkspace } from './tenancy.js';

export class ServersAndAgents2026112100020 implements MigrationInterface {
  name = 'ServersAndAgents2026112100020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(POLICIES);
    await runner.query(FUNCTIONS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function agent_by_id(uuid), enrol_agent(bytea, jsonb), agent_session_hold(uuid[], int[], int[]),
        issue_agent_challenge(uuid, bytea, timestamptz), spend_agent_challenge(uuid, bytea), silent_agent_sessions(timestamptz),
        touch_agent_sessions(uuid[], int[], timestamptz[], real[]);
      alter table grants drop constraint grants_server;
      drop table alerts, agent_challenges, agent_connections, agent_sessions, agent_identities, enrolment_tokens, server_tags,
        servers, server_groups`);
  }
}

const TABLES = `
  create table server_groups (
    id uuid primary key,
    workspace_id uuid not null constraint server_groups_workspace references workspaces on delete cascade,
    parent_id uuid,
    name text not null,
    colour text,
    created_at timestamptz not null,
    constraint server_groups_in_workspace unique (workspace_id, id),
    ${withinWorkspace('parent_id', 'server_groups', 'server_groups_parent')} on delete restrict);
  create unique index server_groups_name on server_groups (workspace_id, parent_id, lower(name)) nulls not distinct;

  create table servers (
    id uuid primary key,
    workspace_id uuid not null constraint servers_workspace references workspaces on delete cascade,
    metric_key int generated always as identity constraint servers_metric_key unique,
    name text not null,
    description text not null default '',
    group_id uuid,
    profile text not null,
    scopes text[] not null,
    protected boolean not null default false,
    maintenance boolean not null default false,
    concurrency int not null default 4,
    generation int not null default 1,
    command_sequence bigint not null default 0,
    queue_held boolean not null default false,
    facts jsonb,
    facts_at timestamptz,
    health jsonb,
    created_at timestamptz not null,
    enrolled_at timestamptz,
    revoked_at timestamptz,
    deleted_at timestamptz,
    constraint servers_in_workspace unique (workspace_id, id),
    ${withinWorkspace('group_id', 'server_groups', 'servers_group')} on delete set null (group_id));
  create unique index servers_name on servers (workspace_id, lower(name)) where deleted_at is null;
  create index servers_by_group on servers (workspace_id, group_id);
  alter table grants add ${withinWorkspace('server_id', 'servers', 'grants_server')} on delete cascade;

  create table server_tags (
    workspace_id uuid not null constraint server_tags_workspace references workspaces on delete cascade,
    server_id uuid not null,
    tag text not null,
    automatic boolean not null,
    primary key (server_id, tag),
    ${withinWorkspace('server_id', 'servers', 'server_tags_server')} on delete cascade);
  create index server_tags_by_tag on server_tags (workspace_id, tag);

  create table enrolment_tokens (
    id uuid primary key,
    workspace_id uuid not null constraint enrolment_tokens_workspace references workspaces on delete cascade,
    server_id uuid not null,
    token_hash bytea not null,
    scopes text[] not null,
    created_by uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    ${withinWorkspace('server_id', 'servers', 'enrolment_tokens_server')} on delete cascade);
  create unique index enrolment_tokens_hash on enrolment_tokens (token_hash);
  create index enrolment_tokens_by_server on enrolment_tokens (server_id);

  create table agent_identities (
    id uuid primary key,
    workspace_id uuid not null constraint agent_identities_workspace references workspaces on delete cascade,
    server_id uuid not null,
    public_key text not null,
    -- announced by the agent, and good until then: the handshake that first uses it makes it the one above
    next_public_key text,
    next_key_until timestamptz,
    rotated_at timestamptz,
    rotation_asked_at timestamptz,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint agent_identities_next_key check ((next_public_key is null) = (next_key_until is null)),
    ${withinWorkspace('server_id', 'servers', 'agent_identities_server')} on delete cascade);
  create unique index agent_identities_active on agent_identities (server_id) where revoked_at is null;

  create table agent_sessions (
    server_id uuid primary key,
    workspace_id uuid not null constraint agent_sessions_workspace references workspaces on delete cascade,
    generation int not null,
    counter int not null,
    instance_id uuid,
    replica_id uuid,
    boot_id text,
    agent_version text,
    protocol_version int,
    address text,
    connected_at timestamptz,
    last_frame_at timestamptz,
    disconnected_at timestamptz,
    disconnect_reason text,
    latency_ms real,
    -- the instance that was displaced last: when it comes back while another lives, the identity was cloned
    displaced_instance_id uuid,
    -- a key, so that raising the epoch waits for those who hold it, and noting frames does not
    constraint agent_sessions_epoch unique (server_id, generation, counter),
    ${withinWorkspace('server_id', 'servers', 'agent_sessions_server')} on delete cascade);
  create index agent_sessions_connected on agent_sessions (last_frame_at) where disconnected_at is null;

  create table agent_connections (
    id uuid primary key,
    workspace_id uuid not null constraint agent_connections_workspace references workspaces on delete cascade,
    server_id uuid not null,
    generation int not null,
    counter int not null,
    address text not null,
    agent_version text not null,
    connected_at timestamptz not null,
    disconnected_at timestamptz,
    disconnect_reason text,
    ${withinWorkspace('server_id', 'servers', 'agent_connections_server')} on delete cascade);
  create index agent_connections_by_server on agent_connections (server_id, connected_at desc);

  -- What somebody has to look at. One of a kind is open on a server at a time; what recurs is counted on it.
  create table alerts (
    id uuid primary key,
    workspace_id uuid not null constraint alerts_workspace references workspaces on delete cascade,
    server_id uuid not null,
    kind text not null,
    reason text not null,
    command_id uuid,
    count int not null,
    raised_at timestamptz not null,
    acknowledged_at timestamptz,
    ${withinWorkspace('server_id', 'servers', 'alerts_server')} on delete cascade);
  create unique index alerts_open on alerts (server_id, kind) where acknowledged_at is null;

  create table agent_challenges (
    challenge_hash bytea primary key,
    agent_id uuid not null,
    expires_at timestamptz not null);`;

const POLICIES = [
  ...[
    'server_groups',
    'servers',
    'server_tags',
    'enrolment_tokens',
    'agent_identities',
    'agent_sessions',
    'agent_connections',
    'alerts',
  ].map((table) => closeTable(table)),
  openToSigner('servers', 'id, workspace_id, scopes, generation, revoked_at, deleted_at, protected'),
  openToSigner('server_tags', 'workspace_id, server_id, tag, automatic'),
].join('\n');

const FUNCTIONS = `
  create function agent_by_id(agent uuid)
    returns table (agent_id uuid, server_id uuid, workspace_id uuid, public_key text, next_public_key text,
                   rotation_asked boolean, generation int, revoked boolean)
    language sql stable ${DEFINER} as $$
      select i.id, i.server_id, i.workspace_id, i.public_key,
             case when i.next_key_until > pg_catalog.now() then i.next_public_key end, i.rotation_asked_at is not null, s.generation,
             i.revoked_at is not null or s.revoked_at is not null or s.deleted_at is not null
        from public.agent_identities i join public.servers s on s.id = i.server_id where i.id = agent limit 1 $$;

  -- Spends the token and creates the identity, in one statement each inside one call; no row when the token is not good.
  -- A server that had an identity before gets a new generation: envelopes for the old one are worthless. Of the server's
  -- scopes those stay that the token was given out for: what was added since was not shown to whoever holds the token.
  create function enrol_agent(hash bytea, request jsonb)
    returns table (server_id uuid, workspace_id uuid, generation int, scopes text[])
    language plpgsql ${DEFINER} as $$
    declare token record; again boolean;
    begin
      update public.enrolment_tokens t set used_at = pg_catalog.now()
        from public.servers s
       where t.token_hash = hash and t.used_at is null and t.revoked_at is null and t.expires_at > pg_catalog.now()
         and s.id = t.server_id and s.deleted_at is null
      returning t.server_id, t.workspace_id, t.scopes into token;
      if not found then return; end if;
      perform from public.servers s where s.id = token.server_id for no key update; -- two tokens of one server take turns
      update public.agent_identities i set revoked_at = pg_catalog.now() where i.server_id = token.server_id and i.revoked_at is null;
      select exists (select from public.agent_identities i where i.server_id = token.server_id) into again;
      insert into public.agent_identities (id, workspace_id, server_id, public_key, created_at)
        values ((request->>'agentId')::uuid, token.workspace_id, token.server_id, request->>'publicKey', pg_catalog.now());
      return query
        update public.servers s
           set generation = s.generation + case when again then 1 else 0 end, revoked_at = null, enrolled_at = pg_catalog.now(),
               facts = request->'facts', facts_at = pg_catalog.now(), queue_held = false,
               profile = case when s.scopes <@ token.scopes then s.profile else 'custom' end,
               scopes = array(select scope from pg_catalog.unnest(s.scopes) scope where scope = any (token.scopes))
         where s.id = token.server_id
        returning s.id, s.workspace_id, s.generation, s.scopes;
    end $$;

  -- Locks the sessions whose epoch is current against a newer connection until the caller's transaction ends.
  -- A caller that has set a workspace holds sessions of that workspace only.
  create function agent_session_hold(server_ids uuid[], generations int[], counters int[])
    returns table (server_id uuid, metric_key int)
    language sql ${DEFINER} as $$
      select a.server_id, s.metric_key
        from unnest(server_ids, generations, counters) as e(server_id, generation, counter)
        join public.agent_sessions a on a.server_id = e.server_id and a.generation = e.generation and a.counter = e.counter
        join public.servers s on s.id = a.server_id
       where a.workspace_id = coalesce(${CURRENT_WORKSPACE}, a.workspace_id)
       order by a.server_id for key share of a $$;

  create function issue_agent_challenge(agent uuid, hash bytea, until timestamptz) returns void language sql ${DEFINER} as $$
    delete from public.agent_challenges where expires_at < pg_catalog.now();
    insert into public.agent_challenges (challenge_hash, agent_id, expires_at) values (hash, agent, until) $$;

  create function spend_agent_challenge(agent uuid, hash bytea) returns boolean language sql ${DEFINER} as $$
    delete from public.agent_challenges where challenge_hash = hash and agent_id = agent and expires_at > pg_catalog.now()
    returning true $$;

  -- Notes on which connections frames arrived, for all agents of one replica at once. Returns those whose epoch is still
  -- current: the others were displaced. In the order in which sessions are held: a row that has changed since the
  -- statement began is waited for whatever the lock, and two that wait for each other would be a deadlock.
  create function touch_agent_sessions(server_ids uuid[], counters int[], frames timestamptz[], latencies real[])
    returns setof uuid language sql ${DEFINER} as $$
      with noted as materialized (
        select a.server_id, t.frame, t.latency
          from unnest(server_ids, counters, frames, latencies) as t(server_id, counter, frame, latency)
          join public.agent_sessions a on a.server_id = t.server_id and a.counter = t.counter and a.disconnected_at is null
         order by a.server_id for no key update of a)
      update public.agent_sessions a set last_frame_at = n.frame, latency_ms = coalesce(n.latency, a.latency_ms)
        from noted n where a.server_id = n.server_id
      returning a.server_id $$;

  -- Connections that no frame arrived on since the given time; the caller closes each in its own workspace.
  create function silent_agent_sessions(since timestamptz) returns table (workspace_id uuid, server_id uuid)
    language sql stable ${DEFINER} as $$
      select a.workspace_id, a.server_id from public.agent_sessions a
       where a.disconnected_at is null and a.connected_at is not null and a.last_frame_at < since limit 1000 $$;`;

const GRANTS = `
  grant select, insert, update, delete on server_groups, server_tags to ph_app;
  grant select, insert, update on servers, enrolment_tokens, agent_identities, agent_sessions, agent_connections, alerts to ph_app;
  grant select (id, workspace_id, metric_key) on servers to ph_telemetry_owner;
  grant execute on function agent_by_id(uuid), enrol_agent(bytea, jsonb), agent_session_hold(uuid[], int[], int[]),
    issue_agent_challenge(uuid, bytea, timestamptz), spend_agent_challenge(uuid, bytea) to ph_app;
  grant execute on function touch_agent_sessions(uuid[], int[], timestamptz[], real[]) to ph_app;
  grant execute on function silent_agent_sessions(timestamptz) to ph_app, ph_jobs;`;
