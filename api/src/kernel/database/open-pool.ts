import { Pool } from 'pg';
import type { Logger } from '../log.js';

export type { Pool } from 'pg';

/** Connections of one role for one purpose. */
export function openPool(
  url: string,
  { applicationName, size, log }: { applicationName: string; size: number; log: Logger },
): Pool {
  const pool = new Pool({ connectionString: url, application_name: applicationName, max: size });
  // A connection that breaks while idle is replaced at its next use.
  pool.on('error', (error) => log.warn({ err: error, applicationName }, 'A database connection broke'));
  return pool;
}

/** Connects to nothing: for describing what is built on it. */
export function absentPool(): Pool {
  return new Pool({ connectionString: 'postgres://localhost/none' });
}
