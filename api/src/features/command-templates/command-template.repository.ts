import { CommandTemplateEntity } from '@pilothouse/db';
import type { Transaction } from '../../kernel/database/index.js';
import type { TemplateRow } from './template.seal.js';

export interface TemplateRecord extends TemplateRow {
  description: string;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
  /** What lists are sorted by, as the database folds it. */
  sortKey: string;
}

export type NewTemplate = Omit<TemplateRecord, 'sortKey'>;

const SELECT = `
  select t.id, t.workspace_id as "workspaceId", t.name, t.description, t.arguments as command, t.sealed_content as "sealedContent", t.created_by as "createdBy",
         t.created_at as "createdAt", t.updated_at as "updatedAt", lower(t.name) as "sortKey"
    from command_templates t`;

export class CommandTemplateRepository {
  async find(tx: Transaction, id: string): Promise<TemplateRecord | null> {
    const [template] = await this.findMany(tx, [id]);
    return template ?? null;
  }

  findMany(tx: Transaction, ids: readonly string[]): Promise<TemplateRecord[]> {
    return tx.manager.query(`${SELECT} where t.id = any($1)`, [ids]);
  }

  /** In the order of their names. */
  list(
    tx: Transaction,
    { take, after, search }: { take: number; after: { text: string; id: string } | null; search: string },
  ): Promise<TemplateRecord[]> {
    return tx.manager.query(
      `${SELECT}
        where (strpos(lower(t.name), lower($2)) > 0 or strpos(lower(t.description), lower($2)) > 0)
          and ($3::text is null or (lower(t.name), t.id) > ($3, $4::uuid))
        order by lower(t.name), t.id limit $1`,
      [take, search, after?.text ?? null, after?.id ?? null],
    );
  }

  /** @returns how many templates there are; nobody else changes them until the transaction ends. */
  async lockAll(tx: Transaction, workspaceId: string): Promise<number> {
    await tx.manager.query(`select pg_advisory_xact_lock(hashtextextended('command-templates:' || $1, 0))`, [
      workspaceId,
    ]);
    return tx.manager.count(CommandTemplateEntity);
  }

  /** Whether no template but this one has the name. Asked with the templates locked, the answer holds. */
  async isNameFree(tx: Transaction, name: string, exceptId: string): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      'select id from command_templates where lower(name) = lower($1) and id <> $2',
      [name, exceptId],
    );
    return rows.length === 0;
  }

  async insert(tx: Transaction, { command, ...fields }: NewTemplate): Promise<void> {
    await tx.manager.insert(CommandTemplateEntity, { ...fields, arguments: command });
  }

  async update(
    tx: Transaction,
    { id, command, ...fields }: Omit<TemplateRecord, 'workspaceId' | 'sortKey' | 'createdBy' | 'createdAt'>,
  ): Promise<void> {
    await tx.manager.update(CommandTemplateEntity, { id }, { ...fields, arguments: command });
  }

  async delete(tx: Transaction, id: string): Promise<void> {
    await tx.manager.delete(CommandTemplateEntity, { id });
  }
}
