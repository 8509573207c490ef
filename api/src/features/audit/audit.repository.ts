import { AuditEntryEntity } from '@pilothouse/db';
import type { Database, Transaction } from '../../kernel/database/index.js';
import type { ChainBounds, StoredEntry } from './chain.verifier.js';

/** What the entries of a list have in common; what is left out does not matter. */
export interface AuditFilter {
  action?: string;
  actorId?: string;
  targetId?: string;
  from?: Date;
  /** Exclusive. */
  to?: Date;
  /** Part of the action, the target's id or the detail, in any case. */
  search?: string;
}

export interface AuditPageAsk {
  workspaceId: string;
  filter: AuditFilter;
  beforeSequence: number | null;
  take: number;
}

/** How far a workspace's chain has come. */
export interface ChainPlace {
  workspaceId: string;
  sequence: number;
  hash: string;
}

/** A chain as it stood at one moment. */
export interface ChainSnapshot {
  /** Null when nothing has been noted of the chain: before its first entry. */
  bounds: ChainBounds | null;
  /** All its entries, in order. */
  pages: AsyncIterable<readonly StoredEntry[]>;
}

const CHAIN_PAGE = 500;

interface ChainRow extends Omit<StoredEntry, 'sequence' | 'chain'> {
  /** Null in the only row of a chain without entries. */
  sequence: string | null;
  chain: string;
  baseSequence: string | null;
  baseHash: string;
  headSequence: string;
  headHash: string;
}

/** One statement, and so one moment, for head and entries, however long the reading takes. */
const DECLARE_CHAIN = `
  declare audit_chain no scroll cursor for
  select h.base_sequence as "baseSequence", h.base_hash as "baseHash", h.sequence as "headSequence", h.hash as "headHash",
         w.chain, e.sequence, e.previous_hash as "previousHash", e.hash, e.time, e.actor_kind as "actorKind",
         e.actor_id as "actorId", e.action, e.target_kind as "targetKind", e.target_id as "targetId", e.detail,
         e.intent_digest as "intentDigest"
    from (select nullif(current_setting('app.workspace', true), '')::uuid::text as chain) w
    left join audit_heads h on h.chain = w.chain
    left join audit_entries e on e.chain = w.chain
   order by e.sequence`;

export class AuditRepository {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  page(tx: Transaction, { workspaceId, filter, beforeSequence, take }: AuditPageAsk): Promise<AuditEntryEntity[]> {
    const query = tx.manager
      .createQueryBuilder(AuditEntryEntity, 'e')
      .where('e.chain = :chain', { chain: workspaceId.toLowerCase() })
      .orderBy('e.sequence', 'DESC')
      .limit(take);
    if (beforeSequence !== null) query.andWhere('e.sequence < :beforeSequence', { beforeSequence });
    const { action, actorId, targetId, from, to, search } = filter;
    if (action !== undefined) query.andWhere('e.action = :action', { action });
    if (actorId !== undefined) query.andWhere('e.actor_id = :actorId', { actorId });
    if (targetId !== undefined) query.andWhere('e.target_id = :targetId', { targetId });
    // Times are texts of one length, so that their order is that of the texts.
    if (from) query.andWhere('e.time >= :from', { from: from.toISOString() });
    if (to) query.andWhere('e.time < :to', { to: to.toISOString() });
    if (search !== undefined) {
      query.andWhere(`position(lower(:search) in lower(concat_ws(' ', e.action, e.target_id, e.detail))) > 0`, {
        search,
      });
    }
    return query.getMany();
  }

  /** The whole chain of the workspace that the transaction has set; to be read before the transaction ends. */
  async openChain(tx: Transaction): Promise<ChainSnapshot> {
    await tx.manager.query(DECLARE_CHAIN);
    const fetchRows = (): Promise<ChainRow[]> => tx.manager.query(`fetch ${CHAIN_PAGE} from audit_chain`);
    const first = await fetchRows();
    async function* pages(): AsyncGenerator<readonly StoredEntry[], void> {
      for (let rows = first; rows.length > 0; rows = await fetchRows()) yield rows.flatMap(toEntry);
    }
    return { bounds: toBounds(first[0]), pages: pages() };
  }

  /** Every keyset of the installation, as it was signed. */
  async keysets(): Promise<unknown[]> {
    const rows = await this.database.lookUp<{ signed: unknown }>('select signed from keysets order by version', []);
    return rows.map(({ signed }) => signed);
  }

  /** Of every workspace. */
  async chainPlaces(): Promise<ChainPlace[]> {
    const rows = await this.database.lookUp<{ workspaceId: string; sequence: string; hash: string }>(
      `select workspace_id as "workspaceId", sequence, hash from audit_chains() where workspace_id is not null`,
      [],
    );
    return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
  }
}

function toBounds(row: ChainRow | undefined): ChainBounds | null {
  if (!row || row.baseSequence === null) return null;
  return {
    baseSequence: Number(row.baseSequence),
    baseHash: row.baseHash,
    headSequence: Number(row.headSequence),
    headHash: row.headHash,
  };
}

function toEntry(row: ChainRow): StoredEntry[] {
  if (row.sequence === null) return [];
  const { baseSequence: _base, baseHash: _baseHash, headSequence: _head, headHash: _headHash, ...entry } = row;
  return [{ ...entry, sequence: Number(row.sequence) }];
}
