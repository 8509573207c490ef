import { signedKeysetSchema, type SignedKeyset } from '@pilothouse/protocol';
import { queryPrepared, type Database, type Transaction } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';

/** A keyset with its version, which is inside its signed bytes too. */
export interface VersionedKeyset {
  version: number;
  signed: SignedKeyset;
}

/** The keysets of this installation. They are public; only the owner of the tables can add one. */
export class KeysetRepository {
  constructor(private readonly database: Database) {}

  /** The newest. @throws UNAVAILABLE before the installation has one. */
  async latest(): Promise<VersionedKeyset> {
    const [row] = await this.database.lookUp<{ version: number; signed: unknown }>(
      'select version, signed from keysets order by version desc limit 1',
      [],
    );
    if (!row) throw new Fault('UNAVAILABLE', 'The control plane has no keys yet. Try again shortly.');
    return { version: row.version, signed: signedKeysetSchema.parse(row.signed) };
  }

  /** That of the newest, asked on the way of somebody else's transaction; 0 when there is none. */
  async latestVersion(tx: Transaction): Promise<number> {
    const [row] = await queryPrepared<{ version: number | null }>(
      tx.manager,
      'select max(version) as version from keysets',
      [],
    );
    return row?.version ?? 0;
  }
}
