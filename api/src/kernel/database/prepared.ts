import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

const names = new Map<string, string>();

/**
 * Runs a statement that each connection parses and plans once, for the few that every command and every report needs:
 * planning them takes longer than running them. `text` must be a constant, because connections keep what they planned.
 * Statements of one transaction reach the database in the order of the calls, also when none waits for the one before.
 *
 * @returns the rows, also of UPDATE and DELETE; other than those of TypeORM, its errors are pg's own.
 */
export async function queryPrepared<Row extends object>(
  { queryRunner }: EntityManager,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  if (!queryRunner) throw new Error('A prepared statement outside a transaction');
  const connection = (await queryRunner.connect()) as ClientBase;
  const { rows } = await connection.query<Row>({ name: nameOf(text), text, values: [...values] });
  return rows;
}

/** Names a constant statement for `pg`, which then prepares it at its first use on a connection. */
export function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 22);
    names.set(text, name);
  }
  return name;
}

/**
 * The answers to statements that were sent one behind the other without waiting. Unlike `Promise.all` it waits for all of
 * them when one fails, so that nothing of a transaction is under way after its end.
 */
export async function allAnswered<const Steps extends readonly Promise<unknown>[]>(
  steps: Steps,
): Promise<{ -readonly [Key in keyof Steps]: Awaited<Steps[Key]> }> {
  await Promise.allSettled(steps);
  return Promise.all(steps);
}
