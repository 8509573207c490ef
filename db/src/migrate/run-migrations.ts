import { DataSource, type MigrationInterface } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

export type MigrationClass = new () => MigrationInterface;

/**
 * Runs the migrations that the database has not seen, each in a transaction of its own, as `ph_owner`, so that
 * whatever they make belongs to it. Returns the names of those it ran, in order.
 */
export async function runMigrations(adminUrl: string, migrations: readonly MigrationClass[]): Promise<string[]> {
  const dataSource = ownerDataSource(adminUrl, migrations);
  await dataSource.initialize();
  try {
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    return applied.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}

/** A connection of the administrator that acts as `ph_owner` from its first statement on. */
export function ownerDataSource(adminUrl: string, migrations: readonly MigrationClass[]): DataSource {
  return new DataSource({
    ...dataSourceOptions({ url: adminUrl, applicationName: 'pilothouse migrate', poolSize: 1 }),
    migrations: [...migrations],
    migrationsTransactionMode: 'each',
    extra: { options: '-c role=ph_owner' },
  });
}
