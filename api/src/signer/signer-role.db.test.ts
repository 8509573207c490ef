import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignerScene } from './testing/signer.scene.js';

describe('the role ph_signer', () => {
  let scene: SignerScene;
  beforeAll(async () => void (scene = await SignerScene.start()));
  afterAll(() => scene.stop());

  it('reads what it judges by and nothing else', async () => {
    const tables = await scene.harness.sql<{ name: string; readable: boolean; writable: boolean }>(
      `select c.relname as name, has_any_column_privilege('ph_signer', c.oid, 'select') as readable,
              has_any_column_privilege('ph_signer', c.oid, 'insert, update, references')
                or has_table_privilege('ph_signer', c.oid, 'delete, truncate, trigger') as writable
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')`,
    );
    const readable = tables.filter((table) => table.readable).map(({ name }) => name);
    expect(new Set(readable)).toEqual(
      new Set([
        'api_tokens',
        'audit_entries',
        'audit_heads',
        'grants',
        'memberships',
        'server_tags',
        'servers',
        'sessions',
        'users',
      ]),
    );
    expect(tables.filter(({ writable }) => writable)).toEqual([]);
  });

  it.each([
    'select password_hash from users',
    'select envelope from commands',
    'select token_hash from enrolment_tokens',
    'select detail from audit_entries',
    'update servers set generation = generation',
    `insert into memberships values (uuidv7(), uuidv7(), 'OWNER', now())`,
    'delete from sessions',
  ])('is refused: %s', async (statement) => {
    await expect(scene.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
});
