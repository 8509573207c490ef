import type { MigrationInterface, QueryRunner } from 'typeorm';
import { closeTable, DEFINER } from './tenancy.js';

export class Invitations2026112100050 implements MigrationInterface {
  name = 'Invitations2026112100050';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(closeTable('invitations'));
    await runner.query(LOOK_UPS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function rights_of(uuid, uuid), invitation_by_code_hash(bytea);
      drop table invitations`);
  }
}

const TABLES = `
  create table invitations (
    id uuid primary key,
    workspace_id uuid not null constraint invitations_workspace references workspaces on delete cascade,
    email text not null,
    role text not null constraint invitations_role check (role in ('VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER')),
    code_hash bytea not null,
    invited_by uuid not null constraint invitations_inviter references users on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz);
  create unique index invitations_code_hash on invitations (code_hash);
  create index invitations_by_workspace on invitations (workspace_id, created_at desc);`;

/** Each returns one row, found by a hash or an id, before a workspace is known. */
const LOOK_UPS = `
  -- What a person may do in the workspace asked for, or in the one they joined first.
  create function rights_of(person uuid, wanted uuid) returns table (workspace_id uuid, role text, grants jsonb)
    language sql stable ${DEFINER} as $$
      select m.workspace_id, m.role,
             coalesce((select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                         'role', g.role, 'serverId', g.server_id, 'tag', g.tag))
                         from public.grants g where g.workspace_id = m.workspace_id and g.user_id = m.user_id), '[]')
        from public.memberships m join public.workspaces w on w.id = m.workspace_id and w.deleted_at is null
       where m.user_id = person and (wanted is null or m.workspace_id = wanted)
       order by m.created_at, m.workspace_id limit 1 $$;

  create function invitation_by_code_hash(hash bytea)
    returns table (id uuid, workspace_id uuid, workspace_name text, email text, role text, invited_by_name text,
      invited_by uuid, expires_at timestamptz, user_id uuid)
    language sql stable ${DEFINER} as $$
      select i.id, i.workspace_id, w.name, i.email, i.role, inviter.display_name, i.invited_by, i.expires_at, u.id
        from public.invitations i
        join public.workspaces w on w.id = i.workspace_id and w.deleted_at is null
        join public.users inviter on inviter.id = i.invited_by
        left join public.users u on pg_catalog.lower(u.email) = i.email
       where i.code_hash = hash and i.accepted_at is null and i.revoked_at is null limit 1 $$;`;

const GRANTS = `
  grant select, insert, update on invitations to ph_app;
  grant execute on function rights_of(uuid, uuid), invitation_by_code_hash(bytea) to ph_app;`;
