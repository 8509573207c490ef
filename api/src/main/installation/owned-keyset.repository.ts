import { dataSourceOptions, KeysetEntity } from '@pilothouse/db';
import type { SignedKeyset } from '@pilothouse/protocol';
import { DataSource, type QueryRunner } from 'typeorm';

/** Advisory lock of whoever makes an installation. */
const INSTALLATION_LOCK = 7_732_003;

/** The keysets as the owner of the tables: nobody else can add one. One at a time has them open. */
export class OwnedKeysetRepository {
  private constructor(
    private readonly dataSource: DataSource,
    /** Its connection holds the lock. */
    private readonly runner: QueryRunner,
  ) {}

  static async open(adminUrl: string): Promise<OwnedKeysetRepository> {
    const options = dataSourceOptions({ url: adminUrl, applicationName: 'pilothouse installation', poolSize: 1 });
    const dataSource = await new DataSource({ ...options, schema: 'public' }).initialize();
    const keysets = new OwnedKeysetRepository(dataSource, dataSource.createQueryRunner());
    try {
      await keysets.runner.query('select pg_advisory_lock($1)', [INSTALLATION_LOCK]);
      return keysets;
    } catch (error) {
      await keysets.close();
      throw error;
    }
  }

  hasAny(): Promise<boolean> {
    return this.runner.manager.getRepository(KeysetEntity).exists();
  }

  async add(version: number, signed: SignedKeyset): Promise<void> {
    await this.runner.manager.getRepository(KeysetEntity).insert({ version, signed });
  }

  async close(): Promise<void> {
    await this.runner.release();
    await this.dataSource.destroy();
  }
}
