import { dataSourceOptions, KeysetEntity } from '@pilothouse/db';
import type { SignedKeyset } from '@pilothouse/protocol';
import { DataSource } from 'typeorm';

/** The keysets as the owner of the tables: nobody else can add one. */
export class OwnedKeysetRepository {
  private constructor(private readonly dataSource: DataSource) {}

  static async open(adminUrl: string): Promise<OwnedKeysetRepository> {
    const options = dataSourceOptions({ url: adminUrl, applicationName: 'pilothouse installation', poolSize: 1 });
    return new OwnedKeysetRepository(await new DataSource({ ...options, schema: 'public' }).initialize());
  }

  hasAny(): Promise<boolean> {
    return this.dataSource.getRepository(KeysetEntity).exists();
  }

  async add(version: number, signed: SignedKeyset): Promise<void> {
    await this.dataSource.getRepository(KeysetEntity).insert({ version, signed });
  }

  close(): Promise<void> {
    return this.dataSource.destroy();
  }
}
