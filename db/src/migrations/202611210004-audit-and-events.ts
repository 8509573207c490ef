import type { MigrationInterface, QueryRunner } from 'typeorm';
import { closeTable, DEFINER, openToSigner, refuseYoung } from './tenancy.js';

export class AuditAndEvents2026112100040 implements MigrationInterface {
  name = 'AuditAndEvents2026112100040';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(
      ['audit_entries', 'audit_heads', 'workspace_events', 'workspace_event_heads']
        .map((table) => closeTable(table))
        .join('\n'),
    );
    await runner.query(openToSigner('audit_entries', 'chain, sequence, hash'));
    await runner.query(openToSigner('audit_heads', 'chain, sequence, hash'));
    await runner.query(FUNCTIONS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function audit_append(text, text, text, text, text, text, text, text), audit_field(text), prune_audit(timestamptz),
        audit_chains(), event_append(text, uuid), prune_events(timestamptz);
      drop table audit_entries, audit_heads, workspace_events, workspace_event_heads`);
  }
}

const TABLES = `
  -- chain: the workspace's id, or 'installation' for what happens before or outside a workspace (workspace_id null).
  create table audit_heads (
    chain text primary key,
    workspace_id uuid constraint audit_heads_workspace references workspaces,
    sequence bigint not null,
    hash text not null,
    -- what retention has removed: the chain now begins after this entry
    base_sequence bigint not null default 0,
    base_hash text not null default repeat('0', 64));

  create table audit_entries (
    chain text not null,
    sequence bigint not null,
    workspace_id uuid constraint audit_entries_workspace references workspaces,
    previous_hash text not null,
    hash text not null,
    time text not null,
    actor_kind text not null,
    actor_id text not null,
    action text not null,
    target_kind text not null,
    target_id text not null,
    detail text not null,
    intent_digest text not null,
    primary key (chain, sequence));
  create index audit_entries_target on audit_entries (workspace_id, target_id, sequence desc);
  create index audit_entries_action on audit_entries (workspace_id, action, sequence desc);

  -- What changed, in commit order: subscriptions read it after the number they last saw.
  create table workspace_event_heads (
    workspace_id uuid primary key constraint workspace_event_heads_workspace references workspaces on delete cascade,
    seq bigint not null);
  create table workspace_events (
    workspace_id uuid not null constraint workspace_events_workspace references workspaces on delete cascade,
    seq bigint not null,
    kind text not null,
    subject_id uuid not null,
    at timestamptz not null,
    primary key (workspace_id, seq));`;

const FUNCTIONS = `
  create function audit_field(value text) returns bytea language sql immutable set search_path = pg_catalog, pg_temp as $$
    select pg_catalog.int4send(pg_catalog.octet_length(pg_catalog.convert_to(value, 'UTF8'))) || pg_catalog.convert_to(value, 'UTF8') $$;

  -- Appends one entry and returns its place. Locks the chain's head until the transaction ends: call it last.
  -- The hash is the protocol package's auditEntryHash over the same texts.
  create function audit_append(actor_kind text, actor_id text, action text, target_kind text, target_id text, detail text,
      intent_digest text, installation text default null)
    returns table (chain text, sequence bigint, previous_hash text, hash text, "time" text)
    language plpgsql ${DEFINER} as $$
    declare
      workspace uuid := case when installation is null then nullif(pg_catalog.current_setting('app.workspace', true), '')::uuid end;
      head public.audit_heads;
      entry public.audit_entries;
    begin
      if installation is null and workspace is null then raise exception 'audit_append needs a workspace'; end if;
      entry.chain := coalesce(workspace::text, 'installation');
      insert into public.audit_heads (chain, workspace_id, sequence, hash) values (entry.chain, workspace, 0, pg_catalog.repeat('0', 64))
        on conflict do nothing;
      select * into head from public.audit_heads h where h.chain = entry.chain for update;
      entry.sequence := head.sequence + 1;
      entry.previous_hash := head.hash;
      entry.time := pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
      entry.hash := pg_catalog.encode(pg_catalog.sha256(
        public.audit_field('ph-audit-v1') || public.audit_field(entry.chain) || public.audit_field(entry.sequence::text)
        || public.audit_field(entry.previous_hash) || public.audit_field(entry.time) || public.audit_field(actor_kind)
        || public.audit_field(actor_id) || public.audit_field(action) || public.audit_field(target_kind)
        || public.audit_field(target_id) || public.audit_field(detail) || public.audit_field(intent_digest)), 'hex');
      insert into public.audit_entries values (entry.chain, entry.sequence, workspace, entry.previous_hash, entry.hash, entry.time,
        actor_kind, actor_id, action, target_kind, target_id, detail, intent_digest);
      update public.audit_heads h set sequence = entry.sequence, hash = entry.hash where h.chain = entry.chain;
      return query select entry.chain, entry.sequence, entry.previous_hash, entry.hash, entry.time;
    end $$;

  create function audit_chains() returns table (chain text, workspace_id uuid, sequence bigint, hash text)
    language sql stable ${DEFINER} as $$ select h.chain, h.workspace_id, h.sequence, h.hash from public.audit_heads h $$;

  -- Removes entries older than the given time and moves each chain's base up to the first one kept.
  create function prune_audit(before timestamptz) returns bigint language plpgsql ${DEFINER} as $$
    declare head record; last record; removed bigint := 0;
    begin
      ${refuseYoung('audit_entries')}
      for head in select h.chain from public.audit_heads h loop
        select e.sequence, e.hash into last from public.audit_entries e
         where e.chain = head.chain
           and e.time < pg_catalog.to_char(before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
         order by e.sequence desc limit 1;
        continue when not found;
        update public.audit_heads h set base_sequence = last.sequence, base_hash = last.hash where h.chain = head.chain;
        with gone as (delete from public.audit_entries e where e.chain = head.chain and e.sequence <= last.sequence returning 1)
          select removed + pg_catalog.count(*) into removed from gone;
      end loop;
      return removed;
    end $$;

  -- Numbers a change in commit order: the head's lock is held until the transaction ends.
  create function event_append(kind text, subject uuid) returns bigint language plpgsql ${DEFINER} as $$
    declare workspace uuid := nullif(pg_catalog.current_setting('app.workspace', true), '')::uuid; number bigint;
    begin
      if workspace is null then raise exception 'event_append needs a workspace'; end if;
      insert into public.workspace_event_heads as h (workspace_id, seq) values (workspace, 1)
        on conflict (workspace_id) do update set seq = h.seq + 1 returning h.seq into number;
      insert into public.workspace_events (workspace_id, seq, kind, subject_id, at) values (workspace, number, kind, subject, pg_catalog.now());
      return number;
    end $$;

  create function prune_events(before timestamptz) returns bigint language plpgsql ${DEFINER} as $$
    declare removed bigint;
    begin
      ${refuseYoung('workspace_events')}
      delete from public.workspace_events where at < before;
      get diagnostics removed = row_count;
      return removed;
    end $$;`;

const GRANTS = `
  grant select on audit_heads, audit_entries, workspace_events, workspace_event_heads to ph_app;
  grant execute on function audit_append(text, text, text, text, text, text, text, text), event_append(text, uuid) to ph_app;
  grant execute on function audit_chains(), prune_audit(timestamptz), prune_events(timestamptz) to ph_jobs;
  grant execute on function audit_chains() to ph_app;`;
