/** The database as features see it: transactions with their tenant, numbered changes and the audit chain. */
export type { AuditAction, AuditPlace, AuditRecord } from './audit-append.js';
export { allAnswered, nameOf, queryPrepared } from './prepared.js';
export { orUnavailable } from './database-away.js';
export { findPrepared } from './prepared-entities.js';
export {
  Database,
  Later,
  type ChangeKind,
  type Entrance,
  type Transaction,
  type WriteTransaction,
} from './database.js';
export { absentDatabase, openDatabase, type PoolFigures } from './open-database.js';
export { absentPool, openPool, type Pool } from './open-pool.js';
