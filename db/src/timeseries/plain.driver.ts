import type { Driver } from './driver.js';
import { PLAIN_PARTITIONS } from './schema/partitions.sql.js';
import { SINGLE_TABLES, tierTables, TIME_INDEXES } from './schema/tables.sql.js';

/** Declarative partitions; works on any PostgreSQL. */
export const PLAIN: Driver = {
  name: 'plain',
  sql: () =>
    Promise.resolve({
      migrations: [
        {
          name: '0001-tables',
          sql: [SINGLE_TABLES, tierTables((time) => ` partition by range (${time})`), TIME_INDEXES].join('\n'),
        },
      ],
      partitions: PLAIN_PARTITIONS,
      afterFunctions: '',
    }),
};
