import type { EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { queryPrepared } from './prepared.js';

/**
 * Whole rows as TypeORM gives them, without the time it takes to put a statement together and to plan it anew. For the
 * few tables that every command reads. `condition` must be a constant; it names columns as the table does.
 */
export async function findPrepared<Row extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  { condition, values }: { condition: string; values: readonly unknown[] },
): Promise<Row[]> {
  const metadata = manager.connection.getMetadata(entity);
  const columns = metadata.columns.map(({ databaseName }) => `"${databaseName}"`).join(', ');
  const text = `select ${columns} from "${metadata.tableName}" where ${condition}`;
  const rows = await queryPrepared<Record<string, unknown>>(manager, text, values);
  return rows.map((row) => hydrate(manager, metadata, row) as Row);
}

function hydrate({ connection }: EntityManager, metadata: EntityMetadata, row: Record<string, unknown>): ObjectLiteral {
  const entity = metadata.create();
  for (const column of metadata.columns) {
    column.setEntityValue(entity, connection.driver.prepareHydratedValue(row[column.databaseName], column));
  }
  return entity;
}
