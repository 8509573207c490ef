import type { ClientBase } from 'pg';
import type { Driver } from './driver.js';
import { chunkFunctions, hypertableMigrations, unlimitedOpening } from './schema/chunks.sql.js';

/** Hypertables, whose older chunks are stored in columns; needs the community build of TimescaleDB. */
export const TIMESCALEDB: Driver = {
  name: 'timescaledb',
  sampleKeepDays: 30,
  async sql(client: ClientBase) {
    const { rows } = await client.query<{ schema: string }>(
      `select extnamespace::regnamespace::text as schema from pg_extension where extname = 'timescaledb'`,
    );
    const extension = rows[0]!.schema;
    return {
      migrations: hypertableMigrations(extension),
      partitions: chunkFunctions(extension),
      afterFunctions: unlimitedOpening(),
    };
  },
};
