import type { ClientBase } from 'pg';
import { columnOf } from '../figures.js';
import { bin } from '../schema/columns.js';
import { FAMILIES } from '../tiers.js';

export interface TierCheck {
  tier: string;
  buckets: number;
  /** Buckets that are missing, too many, or not what the samples say. */
  wrong: number;
}

/** Computes every bucket of every roll-up anew from the samples and compares it with what a reader sees. */
export async function recompute(owner: ClientBase): Promise<TierCheck[]> {
  const checks: TierCheck[] = [];
  for (const family of FAMILIES) {
    for (const tier of family.rollups) {
      const columns = family.figures.map(({ name }) => columnOf(name));
      const expected = columns.map((c) => `avg(${c}::float8) as ${c}_avg, max(${c}) as ${c}_max`).join(', ');
      const differs = columns.map(
        (c) => `e.${c}_max is distinct from r.${c}_max or (e.${c}_avg is null) <> (r.${c}_avg is null)
          or abs(e.${c}_avg - r.${c}_avg) > 1e-4 * greatest(1, e.${c}_avg)`,
      );
      const { rows } = await owner.query<TierCheck>(`
        select '${tier.table}' as tier, count(*)::int as buckets,
          count(*) filter (where e.n is distinct from r.n or ${differs.join(' or ')})::int as wrong
          from (select ${bin(tier.widthSeconds, 'time')} as bucket, ${family.keys.join(', ')}, count(*)::int as n, ${expected}
                  from telemetry_raw.${family.raw.table} group by ${family.keys.join(', ')}, bucket) e
          full join telemetry_logic.${tier.table} r using (bucket, ${family.keys.join(', ')})`);
      checks.push(rows[0]!);
    }
  }
  return checks;
}

/** Number of rows and a digest over all of them, to see that a table did not change. */
export async function fingerprint(owner: ClientBase, table: string): Promise<{ rows: number; digest: string }> {
  const { rows } = await owner.query<{ rows: number; digest: string }>(
    `select count(*)::int as rows, md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) as digest
       from telemetry_raw.${table} t`,
  );
  return rows[0]!;
}
