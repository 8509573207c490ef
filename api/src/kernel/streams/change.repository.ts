import { queryPrepared, type ChangeKind, type Transaction } from '../database/index.js';

export interface NumberedChange {
  seq: number;
  subjectId: string;
}

/** How many are looked at in one go. */
const PAGE = 500;
/** How many are given in one go: things are loaded with them, and stay in memory for as long as their reader takes. */
const MOST_AT_ONCE = 16;

/** Number of the workspace's last change; 0 before the first. */
export async function lastChange(tx: Transaction): Promise<number> {
  const rows: { seq: string }[] = await tx.manager.query('select seq from workspace_event_heads');
  return Number(rows[0]?.seq ?? 0);
}

/** Number of the oldest change that is still kept; null when none is. */
export async function oldestChange(tx: Transaction): Promise<number | null> {
  const rows: { seq: string | null }[] = await tx.manager.query('select min(seq) as seq from workspace_events');
  return rows[0]?.seq == null ? null : Number(rows[0].seq);
}

/** Changes of one kind after a number; of some things only, or of all. */
export interface WantedChanges {
  kind: ChangeKind;
  ids: readonly string[] | null;
  afterSeq: number;
}

/**
 * Holds for the things of the changes that `findNextChanges` gives: with it they are read in the same round trip. Its
 * values are those of `valuesOf`.
 */
export const IS_OF_NEXT_CHANGES = `id = any(array(
  select subject_id from workspace_events
   where seq > $1 and kind = $2 and ($3::uuid[] is null or subject_id = any($3)) order by seq limit ${MOST_AT_ONCE}))`;

export function valuesOf({ afterSeq, kind, ids }: WantedChanges): unknown[] {
  return [afterSeq, kind, ids];
}

/** The next few changes of one kind, skipping all others; everything `upTo` has been looked at, and with `isLast` everything. */
export async function findNextChanges(
  tx: Transaction,
  { kind, ids, afterSeq }: WantedChanges,
): Promise<{ found: NumberedChange[]; upTo: number; isLast: boolean }> {
  let upTo = afterSeq;
  for (;;) {
    const rows = await queryPrepared<{ seq: string; subject_id: string; wanted: boolean }>(
      tx.manager,
      `select seq, subject_id, kind = $2 and ($3::uuid[] is null or subject_id = any($3)) as wanted
         from workspace_events where seq > $1 order by seq limit $4`,
      [upTo, kind, ids, PAGE],
    );
    const found = rows
      .filter(({ wanted }) => wanted)
      .map((row) => ({ seq: Number(row.seq), subjectId: row.subject_id }));
    upTo = Number(rows.at(-1)?.seq ?? upTo);
    const isLast = rows.length < PAGE;
    if (found.length > MOST_AT_ONCE)
      return { found: found.slice(0, MOST_AT_ONCE), upTo: found[MOST_AT_ONCE - 1]!.seq, isLast: false };
    if (found.length > 0 || isLast) return { found, upTo, isLast };
  }
}
