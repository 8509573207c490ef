import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startEmbeddedPostgres } from '@pilothouse/db/embedded';
import { Client } from 'pg';

/** A PostgreSQL as an installation starts it, for a Pilothouse whose database is also looked at from outside. */
export class BenchDatabase {
  private constructor(
    readonly url: string,
    /** The postmaster's. */
    readonly pid: number,
    readonly admin: Client,
    private readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<BenchDatabase> {
    const stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-bench-'));
    await chmod(stateDir, 0o711); // as root, PostgreSQL's own account must be able to pass
    const postgres = await startEmbeddedPostgres({ stateDir });
    const [pid] = (await readFile(join(postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n');
    const admin = new Client({ connectionString: postgres.adminUrl, application_name: 'bench' });
    await admin.connect();
    return new BenchDatabase(postgres.adminUrl, Number(pid), admin, async () => {
      await admin.end();
      await postgres.stop();
      await rm(dirname(postgres.dataDir), { recursive: true, force: true });
      await rm(stateDir, { recursive: true, force: true });
    });
  }

  /** Connections of clients other than this one. */
  async connections(): Promise<number> {
    const { rows } = await this.admin.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return rows[0]?.count ?? 0;
  }

  /** Whether PostgreSQL has analysed a table of Pilothouse's: plans made before that are made for an empty table. */
  async hasAnalysed(table: string): Promise<boolean> {
    const { rows } = await this.admin.query<{ count: number }>(
      'select (autoanalyze_count + analyze_count)::int as count from pg_stat_user_tables where relname = $1',
      [table],
    );
    return (rows[0]?.count ?? 0) > 0;
  }

  remove(): Promise<void> {
    return this.stop();
  }
}
