import type { Database, WriteTransaction } from './database/index.js';

/** Whose rights ended or changed. `AGENT_KEY` is of a server, whose agent is told so when it connects again. */
export interface Revocation {
  kind: 'USER' | 'SESSION' | 'API_TOKEN' | 'SERVER' | 'AGENT_KEY' | 'MEMBERSHIP';
  subjectId: string;
}

export interface NumberedRevocation extends Revocation {
  seq: string;
}

/** Rows may become visible out of the order of their numbers; none stays invisible for longer than this. */
const WINDOW = '2 minutes';

export async function insertRevocations(tx: WriteTransaction, ended: readonly Revocation[]): Promise<void> {
  await tx.manager.query(
    'insert into revocations (kind, subject_id) select kind, subject from unnest($1::text[], $2::uuid[]) as r(kind, subject)',
    [ended.map((revocation) => revocation.kind), ended.map((revocation) => revocation.subjectId)],
  );
}

/** Those of the last two minutes, of all workspaces, in the order of their numbers. */
export function recentRevocations(database: Database): Promise<NumberedRevocation[]> {
  return database.lookUp(
    `select seq, kind, subject_id as "subjectId" from revocations where at > now() - $1::interval order by seq`,
    [WINDOW],
  );
}
