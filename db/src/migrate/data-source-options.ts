import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { entities } from '../entities/index.js';

export interface ConnectionSettings {
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Connections kept at most. */
  poolSize: number;
}

/**
 * How every part of the control plane opens the database: never changes the schema by itself, and a condition whose
 * value is null or undefined is an error instead of matching every row.
 */
export function dataSourceOptions({ url, applicationName, poolSize }: ConnectionSettings) {
  return {
    type: 'postgres',
    url,
    applicationName,
    poolSize,
    entities: [...entities],
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    // Statements that do not wait for each other's answers are under way at the same time.
    extra: { pipeline: true },
  } satisfies PostgresDataSourceOptions;
}
