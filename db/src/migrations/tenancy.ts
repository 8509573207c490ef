import { RETENTION_DAYS, type RetainedTable } from '../retention-days.js';

/**
 * SQL that closes a table to everybody but the current workspace (or the current user), forced also for its owner.
 *
 * After a transaction-local setting a pooled connection reads `''`, not NULL: hence `nullif`. With nothing set the
 * comparison is NULL and no row is visible. `ph_owner` cannot log in; it runs migrations and SECURITY DEFINER look-ups.
 */
export const CURRENT_WORKSPACE = `nullif(current_setting('app.workspace', true), '')::uuid`;
export const CURRENT_USER_ID = `nullif(current_setting('app.user', true), '')::uuid`;

const OWN_WORKSPACE = `workspace_id = ${CURRENT_WORKSPACE}`;

/** Opens rows of a closed table to the one whom `rows` names, to read and to write. */
export function closeTable(table: string, rows = OWN_WORKSPACE): string {
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy ${table}_owner on ${table} to ph_owner using (true) with check (true);
    create policy ${table}_tenant on ${table} to public using (${rows}) with check (${rows});`;
}

/** Shows more rows of a closed table than may be written. */
export function alsoShow(table: string, rows: string): string {
  return `create policy ${table}_visible on ${table} for select to public using (${rows});`;
}

/**
 * A foreign key that cannot leave the workspace. Keys are checked past row-level security, so that one on the id alone
 * would accept the id of another workspace's row. The table referred to is unique by (workspace_id, id).
 */
export function withinWorkspace(column: string, table: string, name: string): string {
  return `constraint ${name} foreign key (workspace_id, ${column}) references ${table} (workspace_id, id)`;
}

/** Lets the signer's own read-only role see the rows it judges by. */
export function openToSigner(table: string, columns: string): string {
  return `
    grant select (${columns}) on ${table} to ph_signer;
    create policy ${table}_signer on ${table} for select to ph_signer using (true);`;
}

/** Header and search path every SECURITY DEFINER function must have. */
export const DEFINER = `security definer set search_path = pg_catalog, pg_temp`;

/**
 * The statement that keeps what is younger than its retention from whoever may call a function that removes `before` a
 * time of their choice. An hour is left to the clock of the caller.
 */
export function refuseYoung(table: RetainedTable): string {
  return `
    if before > pg_catalog.now() - pg_catalog.make_interval(hours => ${RETENTION_DAYS[table] * 24 - 1}) then
      raise exception '${table} are kept for ${RETENTION_DAYS[table]} days: nothing younger may be removed'
        using errcode = 'invalid_parameter_value';
    end if;`;
}
