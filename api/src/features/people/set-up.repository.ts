import type { Database, Transaction } from '../../kernel/database/index.js';

export interface NewOwner {
  userId: string;
  workspaceId: string;
  email: string;
  displayName: string;
  passwordHash: string;
  workspaceName: string;
}

/** The functions of set-up: they alone may touch the installation's row. */
export class SetUpRepository {
  constructor(private readonly database: Database) {}

  async isCompleted(): Promise<boolean> {
    const [row] = await this.database.lookUp<{ completed: boolean }>('select setup_is_complete() as completed', []);
    return row?.completed ?? false;
  }

  /** Puts the code in place of the one that this replica has offered before; false once set-up is done. */
  async offer(codeHash: Buffer, replica: string): Promise<boolean> {
    const [row] = await this.database.lookUp<{ offered: boolean | null }>(
      'select offer_setup_code($1, $2) as offered',
      [codeHash, replica],
    );
    return row?.offered ?? false;
  }

  /** Whether the code is one that was said last, while set-up is open. */
  async isRight(codeHash: Buffer): Promise<boolean> {
    const [row] = await this.database.lookUp<{ right: boolean }>('select setup_code_is_right($1) as "right"', [
      codeHash,
    ]);
    return row?.right ?? false;
  }

  /** Spends the code and makes the owner; false when the code is wrong or set-up is done. */
  async complete(tx: Transaction, codeHash: Buffer, owner: NewOwner): Promise<boolean> {
    const [row]: { done: boolean }[] = await tx.manager.query('select complete_setup($1, $2) as done', [
      codeHash,
      JSON.stringify(owner),
    ]);
    return row?.done ?? false;
  }
}
