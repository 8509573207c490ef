import { withClient } from './test-database.js';

/** Whether the server's databases can have TimescaleDB. */
export function offersTimescale(adminUrl: string): Promise<boolean> {
  return withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query(`select from pg_available_extensions where name = 'timescaledb'`);
    return rowCount === 1;
  });
}
