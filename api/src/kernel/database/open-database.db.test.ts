import { createTestDatabase } from '@pilothouse/db/testing';
import { expect, test } from 'vitest';
import { InProcessEventBus } from '../event-bus.js';
import { openDatabase } from './open-database.js';

test('no question and no forgotten transaction holds a connection for ever', async () => {
  const db = await createTestDatabase();
  const { database, close } = await openDatabase(db.appUrl, new InProcessEventBus());
  const limits = await database.lookUp(
    `select name, setting from pg_settings where name in ('statement_timeout', 'idle_in_transaction_session_timeout') order by name`,
    [],
  );
  expect(limits).toEqual([
    { name: 'idle_in_transaction_session_timeout', setting: '60000' },
    { name: 'statement_timeout', setting: '20000' },
  ]);
  await close();
  await db.drop();
});
