import pg from 'pg';
import { errorCode } from '../kernel/error-code.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Placement } from './placement.js';

/** Any number: what matters is that every control plane asks for the same. */
const CONTROL_PLANE_LOCK = 7_732_001;
/** How long the session of a control plane that was killed a moment ago may need to vanish. */
const LOCK_LIMIT_MS = 2_000;

/**
 * Opens a session that holds the cluster for this control plane. The lock lasts exactly as long as the session, and
 * so as the process: after a kill -9 nothing stale is left behind, on disk or elsewhere.
 *
 * @throws ALREADY_IN_USE, PASSWORD_LOST
 */
export async function holdCluster(url: string, placement: Placement): Promise<pg.Client> {
  const session = new pg.Client({
    connectionString: url,
    application_name: `pilothouse, process ${process.pid}`,
    keepAlive: true,
  });
  session.on('error', () => undefined); // a lost connection also ends; `end` is where it is dealt with
  try {
    await session.connect();
    await session.query(`set lock_timeout = ${LOCK_LIMIT_MS}`);
    await session.query('select pg_advisory_lock($1)', [CONTROL_PLANE_LOCK]);
    return session;
  } catch (error) {
    const explained = await explain(error, session, placement);
    await session.end();
    throw explained;
  }
}

async function explain(error: unknown, session: pg.Client, { dataDir, stateDir }: Placement): Promise<unknown> {
  if (errorCode(error) === '55P03') {
    const holder = await session.query<{ name: string }>(
      `select application_name as name from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and objid = $1 and granted`,
      [CONTROL_PLANE_LOCK],
    );
    return new EmbeddedPostgresError(
      'ALREADY_IN_USE',
      `The database in ${dataDir} is used by another control plane (${holder.rows[0]?.name ?? 'just ended'}). ` +
        'Stop that one first, or give this one a state directory of its own (PILOTHOUSE_STATE_DIR).',
    );
  }
  if (errorCode(error) === '28P01') {
    return new EmbeddedPostgresError(
      'PASSWORD_LOST',
      `The password in ${stateDir} is not that of ${dataDir}. Restore both from the same backup.`,
    );
  }
  return error;
}
