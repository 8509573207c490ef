import type { ClientBase } from 'pg';
import { FAMILIES } from './tiers.js';

export interface RetentionSetting {
  /** Table name of the tier. */
  tier: string;
  /** Null: for ever, for the tiers that may. */
  keepDays: number | null;
}

/** The setting would lose what another tier is computed from, or is outside its bounds; the message can be shown. */
export class RetentionRefusedError extends Error {
  override readonly name = 'RetentionRefusedError';
}

/**
 * Sets how long one tier is kept, for the whole installation. The client may act as `ph_telemetry_owner`.
 *
 * Each tier is kept at least as long as the finer one, and samples at least as long as late ones are awaited: buckets
 * are computed again from them. Takes effect with the next maintenance; partitions for a longer past are made here.
 * @throws RetentionRefusedError
 */
export async function setRetention(client: ClientBase, { tier: name, keepDays }: RetentionSetting): Promise<void> {
  const family = FAMILIES.find(({ raw, rollups }) => [raw, ...rollups].some(({ table }) => table === name));
  const tiers = family ? [family.raw, ...family.rollups] : [];
  const tier = tiers.find(({ table }) => table === name);
  if (!tier) throw new RetentionRefusedError(`There is no tier ${name}`);
  const { minKeepDays, maxKeepDays } = tier;
  if (keepDays === null ? maxKeepDays !== null : keepDays < minKeepDays || keepDays > (maxKeepDays ?? Infinity)) {
    throw new RetentionRefusedError(`${name} is kept from ${minKeepDays} to ${maxKeepDays ?? 'any number of'} days`);
  }
  await client.query('begin');
  try {
    await client.query('set local role ph_telemetry_owner');
    const { rows } = await client.query<{ name: string; keep_days: number | null }>(
      'select name, keep_days from telemetry_raw.tier for update',
    );
    const days = new Map(rows.map((row) => [row.name, row.keep_days ?? Infinity]));
    days.set(name, keepDays ?? Infinity);
    const broken = tiers.find((each, index) => index > 0 && days.get(each.table)! < days.get(tiers[index - 1]!.table)!);
    if (broken)
      throw new RetentionRefusedError(`${broken.table} must be kept at least as long as the tier it is made from`);
    await client.query('update telemetry_raw.tier set keep_days = $2 where name = $1', [name, keepDays]);
    await client.query('select telemetry_logic.ensure_partitions(now(), true)');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
