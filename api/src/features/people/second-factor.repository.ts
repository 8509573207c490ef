import { RecoveryCodeEntity, TotpCredentialEntity } from '@pilothouse/db';
import { IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Transaction } from '../../kernel/database/index.js';

/** Rows of second factors. Row-level security shows a transaction those of its own person only. */
export class SecondFactorRepository {
  find(tx: Transaction, userId: string): Promise<TotpCredentialEntity | null> {
    return tx.manager.findOneBy(TotpCredentialEntity, { userId });
  }

  /** Locked until the transaction ends: of two tries with one code, one comes second. */
  hold(tx: Transaction, userId: string): Promise<TotpCredentialEntity | null> {
    return tx.manager.findOne(TotpCredentialEntity, { where: { userId }, lock: { mode: 'pessimistic_write' } });
  }

  async save(tx: Transaction, credential: TotpCredentialEntity): Promise<void> {
    await tx.manager.upsert(TotpCredentialEntity, credential, ['userId']);
  }

  async remove(tx: Transaction, userId: string): Promise<void> {
    await tx.manager.delete(TotpCredentialEntity, { userId });
    await tx.manager.delete(RecoveryCodeEntity, { userId });
  }

  async replaceRecoveryCodes(tx: Transaction, userId: string, codeHashes: readonly Buffer[]): Promise<void> {
    await tx.manager.delete(RecoveryCodeEntity, { userId });
    await tx.manager.insert(
      RecoveryCodeEntity,
      codeHashes.map((codeHash) => ({ id: uuidv7(), userId, codeHash, usedAt: null })),
    );
  }

  /** Uses up a recovery code; false when there is no such unused one. */
  async spendRecoveryCode(tx: Transaction, userId: string, spent: { codeHash: Buffer; at: Date }): Promise<boolean> {
    const { affected } = await tx.manager.update(
      RecoveryCodeEntity,
      { userId, codeHash: spent.codeHash, usedAt: IsNull() },
      { usedAt: spent.at },
    );
    return affected === 1;
  }

  unusedRecoveryCodes(tx: Transaction, userId: string): Promise<number> {
    return tx.manager.countBy(RecoveryCodeEntity, { userId, usedAt: IsNull() });
  }
}
