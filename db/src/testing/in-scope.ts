import type { ClientBase } from 'pg';

/** Whose rows a transaction sees. What is left out is not set. */
export interface Scope {
  workspaceId?: string;
  userId?: string;
}

/** A transaction with its tenant set as the api sets it; rolled back when `work` throws. */
export async function inScope<T>(client: ClientBase, scope: Scope, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
      scope.workspaceId ?? '',
      scope.userId ?? '',
    ]);
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
