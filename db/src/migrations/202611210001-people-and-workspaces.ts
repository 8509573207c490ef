import type { MigrationInterface, QueryRunner } from 'typeorm';
import { alsoShow, closeTable, CURRENT_USER_ID, CURRENT_WORKSPACE, DEFINER, openToSigner } from './tenancy.js';

export class PeopleAndWorkspaces2026112100010 implements MigrationInterface {
  name = 'PeopleAndWorkspaces2026112100010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(POLICIES);
    await runner.query(LOOK_UPS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function session_by_token_hash(bytea), api_token_by_hash(bytea), end_own_api_tokens(timestamptz), user_by_email(text), complete_setup(bytea, jsonb),
        setup_code_is_right(bytea), offer_setup_code(bytea, text), setup_is_complete();
      drop table installation, keysets, revocations, api_tokens, recovery_codes, totp_credentials, sessions,
        grants, memberships, users, workspaces`);
  }
}

const TABLES = `
  create table installation (
    id boolean primary key default true constraint installation_single check (id),
    -- The hash of the code that each replica has said last, by replica.
    setup_code_hashes jsonb not null default '{}',
    setup_completed_at timestamptz,
    created_at timestamptz not null default now());
  insert into installation default values;


  create table keysets (
    version int primary key,
    signed jsonb not null,
    created_at timestamptz not null default now());

  create table revocations (
    seq bigint generated always as identity primary key,
    kind text not null constraint revocations_kind check (kind in ('USER', 'SESSION', 'API_TOKEN', 'SERVER', 'AGENT_KEY', 'MEMBERSHIP')),
    subject_id uuid not null,
    at timestamptz not null default now());

  create table workspaces (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null,
    deleted_at timestamptz);

  create table users (
    id uuid primary key,
    email text not null,
    display_name text not null,
    password_hash text not null,
    password_changed_at timestamptz not null,
    created_at timestamptz not null,
    disabled_at timestamptz);
  create unique index users_email on users (lower(email));

  create table memberships (
    workspace_id uuid not null constraint memberships_workspace references workspaces on delete cascade,
    user_id uuid not null constraint memberships_user references users on delete cascade,
    role text not null constraint memberships_role check (role in ('VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER')),
    created_at timestamptz not null,
    primary key (workspace_id, user_id));
  create index memberships_by_user on memberships (user_id);

  create table grants (
    id uuid primary key,
    workspace_id uuid not null constraint grants_workspace references workspaces on delete cascade,
    user_id uuid not null constraint grants_user references users on delete cascade,
    role text not null constraint grants_role check (role in ('DEPLOYER', 'OPERATOR', 'ADMIN')),
    server_id uuid,
    tag text,
    created_at timestamptz not null,
    constraint grants_one_target check (num_nonnulls(server_id, tag) = 1));
  create index grants_by_user on grants (workspace_id, user_id);

  create table sessions (
    id uuid primary key,
    user_id uuid not null constraint sessions_user references users on delete cascade,
    token_hash bytea not null,
    client text not null constraint sessions_client check (client in ('BROWSER', 'CLI')),
    second_factor boolean not null,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    stepped_up_at timestamptz,
    address text not null,
    user_agent text not null,
    revoked_at timestamptz);
  create unique index sessions_token_hash on sessions (token_hash);
  create index sessions_by_user on sessions (user_id);

  create table totp_credentials (
    user_id uuid primary key constraint totp_credentials_user references users on delete cascade,
    sealed_secret bytea not null,
    confirmed_at timestamptz,
    last_used_step bigint not null default 0,
    failed_attempts int not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null);

  create table recovery_codes (
    id uuid primary key,
    user_id uuid not null constraint recovery_codes_user references users on delete cascade,
    code_hash bytea not null,
    used_at timestamptz);
  create index recovery_codes_by_user on recovery_codes (user_id);

  create table api_tokens (
    id uuid primary key,
    workspace_id uuid not null constraint api_tokens_workspace references workspaces on delete cascade,
    user_id uuid not null constraint api_tokens_user references users on delete cascade,
    name text not null,
    token_hash bytea not null,
    hint text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz);
  create unique index api_tokens_token_hash on api_tokens (token_hash);
  create index api_tokens_by_workspace on api_tokens (workspace_id, user_id);`;

/** What a person sees beyond the current workspace is theirs to read only; nobody writes another person's row. */
const POLICIES = [
  closeTable('workspaces', `id = ${CURRENT_WORKSPACE}`),
  alsoShow(
    'workspaces',
    `exists (select from memberships m where m.workspace_id = workspaces.id and m.user_id = ${CURRENT_USER_ID})`,
  ),
  closeTable('memberships'),
  alsoShow('memberships', `user_id = ${CURRENT_USER_ID}`),
  closeTable('users', `id = ${CURRENT_USER_ID}`),
  alsoShow(
    'users',
    `exists (select from memberships m where m.user_id = users.id and m.workspace_id = ${CURRENT_WORKSPACE})`,
  ),
  closeTable('grants'),
  closeTable('api_tokens'),
  closeTable('sessions', `user_id = ${CURRENT_USER_ID}`),
  closeTable('totp_credentials', `user_id = ${CURRENT_USER_ID}`),
  closeTable('recovery_codes', `user_id = ${CURRENT_USER_ID}`),
  openToSigner('users', 'id, disabled_at'),
  openToSigner('memberships', 'workspace_id, user_id, role'),
  openToSigner('grants', 'workspace_id, user_id, role, server_id, tag'),
  openToSigner('sessions', 'id, user_id, token_hash, last_used_at, expires_at, revoked_at, stepped_up_at'),
  openToSigner('api_tokens', 'id, workspace_id, user_id, token_hash, scopes, expires_at, revoked_at'),
].join('\n');

/** Look-ups that run before a workspace is known. Each returns one row, found by a hash or an exact address. */
const LOOK_UPS = `
  create function session_by_token_hash(hash bytea)
    returns table (id uuid, user_id uuid, email text, display_name text, client text, second_factor boolean,
      last_used_at timestamptz, expires_at timestamptz, stepped_up_at timestamptz)
    language sql stable ${DEFINER} as $$
      select s.id, s.user_id, u.email, u.display_name, s.client, s.second_factor, s.last_used_at, s.expires_at, s.stepped_up_at
        from public.sessions s join public.users u on u.id = s.user_id
       where s.token_hash = hash and s.revoked_at is null and u.disabled_at is null limit 1 $$;

  create function api_token_by_hash(hash bytea)
    returns table (id uuid, workspace_id uuid, user_id uuid, email text, display_name text, scopes text[],
      expires_at timestamptz, last_used_at timestamptz, role text)
    language sql stable ${DEFINER} as $$
      select t.id, t.workspace_id, t.user_id, u.email, u.display_name, t.scopes, t.expires_at, t.last_used_at, m.role
        from public.api_tokens t
        join public.users u on u.id = t.user_id
        join public.memberships m on m.user_id = t.user_id and m.workspace_id = t.workspace_id
        join public.workspaces w on w.id = t.workspace_id and w.deleted_at is null
       where t.token_hash = hash and t.revoked_at is null and u.disabled_at is null limit 1 $$;

  -- Ends the API tokens of the transaction's own person, in every workspace. Returns those that ended.
  create function end_own_api_tokens(at timestamptz) returns setof uuid language sql ${DEFINER} as $$
    update public.api_tokens t set revoked_at = at where t.user_id = ${CURRENT_USER_ID} and t.revoked_at is null
    returning t.id $$;

  create function user_by_email(address text)
    returns table (id uuid, password_hash text, disabled_at timestamptz, has_totp boolean, addresses text[])
    language sql stable ${DEFINER} as $$
      select u.id, u.password_hash, u.disabled_at,
             exists (select from public.totp_credentials t where t.user_id = u.id and t.confirmed_at is not null),
             array(select s.address from public.sessions s where s.user_id = u.id
                    group by s.address order by pg_catalog.max(s.created_at) desc limit 100)
        from public.users u where pg_catalog.lower(u.email) = pg_catalog.lower(address) limit 1 $$;

  create function setup_is_complete() returns boolean language sql stable ${DEFINER} as $$
    select setup_completed_at is not null from public.installation $$;

  -- Puts a replica's code in place of the one it has said before; those of other replicas stay good.
  create function offer_setup_code(hash bytea, replica text) returns boolean language sql ${DEFINER} as $$
    update public.installation
       set setup_code_hashes = setup_code_hashes || pg_catalog.jsonb_build_object(replica, pg_catalog.encode(hash, 'hex'))
     where setup_completed_at is null returning true $$;

  create function setup_code_is_right(code_hash bytea) returns boolean language sql stable ${DEFINER} as $$
    select exists (
      select from public.installation, pg_catalog.jsonb_each_text(setup_code_hashes) said
       where setup_completed_at is null and said.value = pg_catalog.encode(code_hash, 'hex')) $$;

  -- Spends the set-up code and makes the owner and the first workspace; false when the code is wrong or set-up is closed.
  create function complete_setup(code_hash bytea, owner jsonb) returns boolean
    language plpgsql ${DEFINER} as $$
    begin
      update public.installation set setup_completed_at = pg_catalog.now(), setup_code_hashes = '{}'
       where setup_completed_at is null and exists (
         select from pg_catalog.jsonb_each_text(setup_code_hashes) said where said.value = pg_catalog.encode(code_hash, 'hex'));
      if not found then return false; end if;
      insert into public.users (id, email, display_name, password_hash, password_changed_at, created_at)
        values ((owner->>'userId')::uuid, owner->>'email', owner->>'displayName', owner->>'passwordHash', pg_catalog.now(), pg_catalog.now());
      insert into public.workspaces (id, name, created_at) values ((owner->>'workspaceId')::uuid, owner->>'workspaceName', pg_catalog.now());
      insert into public.memberships (workspace_id, user_id, role, created_at)
        values ((owner->>'workspaceId')::uuid, (owner->>'userId')::uuid, 'OWNER', pg_catalog.now());
      return true;
    end $$;`;

const GRANTS = `
  grant select on keysets, revocations to ph_app;
  grant insert on revocations to ph_app;
  grant select, insert, update on workspaces, users, api_tokens to ph_app;
  grant select, insert, update, delete on memberships, grants, sessions, totp_credentials, recovery_codes to ph_app;
  grant execute on function session_by_token_hash(bytea), api_token_by_hash(bytea), end_own_api_tokens(timestamptz), user_by_email(text), setup_is_complete(),
    offer_setup_code(bytea, text), setup_code_is_right(bytea), complete_setup(bytea, jsonb) to ph_app;`;
