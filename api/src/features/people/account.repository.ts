import { UserEntity } from '@pilothouse/db';
import type { Database, Transaction } from '../../kernel/database/index.js';

export interface FoundAccount {
  id: string;
  passwordHash: string;
  disabledAt: Date | null;
  /** Where it was signed in from, the latest first and not all. */
  addresses: string[];
}

/** Accounts of people: found by their address before anybody is known, changed only by themselves. */
export class AccountRepository {
  constructor(private readonly database: Database) {}

  async byEmail(email: string): Promise<FoundAccount | undefined> {
    const [account] = await this.database.lookUp<FoundAccount>(
      `select id, password_hash as "passwordHash", disabled_at as "disabledAt", addresses from user_by_email($1)`,
      [email],
    );
    return account;
  }

  /** False when somebody has the address already. */
  async insert(tx: Transaction, account: Omit<UserEntity, 'disabledAt'>): Promise<boolean> {
    const { id, email, displayName, passwordHash, passwordChangedAt, createdAt } = account;
    const rows: unknown[] = await tx.manager.query(
      `insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
       values ($1, $2, $3, $4, $5, $6) on conflict (lower(email)) do nothing returning id`,
      [id, email, displayName, passwordHash, passwordChangedAt, createdAt],
    );
    return rows.length === 1;
  }

  async setPassword(
    tx: Transaction,
    { userId, passwordHash, at }: { userId: string; passwordHash: string; at: Date },
  ): Promise<void> {
    await tx.manager.update(UserEntity, { id: userId }, { passwordHash, passwordChangedAt: at });
  }

  async setDisabled(tx: Transaction, userId: string, disabledAt: Date | null): Promise<void> {
    await tx.manager.update(UserEntity, { id: userId }, { disabledAt });
  }
}
