import { escapeIdentifier, type ClientBase } from 'pg';
import { LOGIN_ROLES, OWNER_ROLES } from './roles.js';

/** Schema of the job queue, made and owned by `ph_jobs`. */
export const JOBS_SCHEMA = 'bullmq';

/**
 * Takes from PUBLIC what PostgreSQL gives it in every new database, and gives each role its place in this one.
 * Rights on single tables come with the migrations that make the tables.
 *
 * Idempotent, so it is run at every start.
 */
export async function secureDatabase(client: ClientBase): Promise<void> {
  await grantDatabaseAccess(client);
  await client.query(`
    alter schema public owner to ph_owner;
    revoke all on schema public from public;
    grant usage on schema public to ph_app, ph_jobs, ph_signer, ph_telemetry_owner;
    create schema if not exists ${JOBS_SCHEMA} authorization ph_jobs;
  `);
  for (const role of [...OWNER_ROLES, 'ph_jobs']) {
    await client.query(
      `alter default privileges for role ${escapeIdentifier(role)} revoke execute on functions from public`,
    );
  }
}

/**
 * The rights on the database itself, the part that a copy made from a template does not inherit.
 *
 * `ph_jobs` may create schemas because BullMQ's migration says `create schema if not exists` before it looks.
 */
export async function grantDatabaseAccess(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select current_database() as name');
  const database = escapeIdentifier(rows[0]?.name ?? '');
  await client.query(`
    revoke all on database ${database} from public;
    grant connect on database ${database} to ${LOGIN_ROLES.join(', ')};
    grant create on database ${database} to ph_owner, ph_telemetry_owner, ph_jobs;
  `);
}
