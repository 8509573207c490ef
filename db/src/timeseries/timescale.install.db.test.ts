import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../migrate/index.js';
import { createEmptyTestDatabase, hasTimescale, type TestDatabase } from '../testing/index.js';
import { installTelemetry, TimescaleMissingError } from './install.js';

describe.skipIf(!hasTimescale())('installation [needs timescaledb]', () => {
  let database: TestDatabase;
  let admin: Client;
  const connect = async (): Promise<void> => {
    admin = new Client({ connectionString: database.adminUrl });
    await admin.connect();
  };
  beforeEach(async () => {
    database = await createEmptyTestDatabase('timescaledb');
    await connect();
  });
  afterEach(async () => {
    await admin.end();
    await database.drop();
  });

  const install = (telemetryDriver?: 'plain') =>
    migrate({
      adminUrl: database.adminUrl,
      rolePasswords: database.rolePasswords,
      ...(telemetryDriver && { telemetryDriver }),
    });
  const facts = async () => {
    const { rows } = await admin.query(
      'select driver, extension, extension_facts as facts from telemetry_raw.installation',
    );
    return rows[0];
  };
  const extensions = async (): Promise<number> =>
    (await admin.query(`select from pg_extension where extname = 'timescaledb'`)).rowCount!;

  test('an empty database of a server that loads the community build gets the extension and its driver', async () => {
    expect(await install()).toMatchObject({ telemetryDriver: 'timescaledb' });
    expect(await facts()).toMatchObject({
      driver: 'timescaledb',
      extension: 'COMMUNITY',
      facts: { preloaded: true, licence: 'timescale', installed: expect.any(String) as string },
    });
  });

  test('works with an extension that the operator made, in any schema', async () => {
    await admin.query('create schema "their own"; create extension timescaledb schema "their own"');
    expect(await install()).toMatchObject({ telemetryDriver: 'timescaledb' });
    expect(await installTelemetry(admin)).toMatchObject({ driver: 'timescaledb' });
  });

  test('whoever wants the plain driver gets it, and the extension is not made', async () => {
    expect(await install('plain')).toMatchObject({ telemetryDriver: 'plain' });
    expect(await extensions()).toBe(0);
    expect(await facts()).toMatchObject({ driver: 'plain', extension: 'NOT_CREATED' });
  });

  test('a plain store stays one when the extension comes, which is offered', async () => {
    await install('plain');
    expect(await installTelemetry(admin)).toMatchObject({ driver: 'plain', timescaleOffered: false });
    await admin.query('create extension timescaledb');
    await admin.end();
    expect(await install()).toMatchObject({ telemetryDriver: 'plain' });
    await connect();
    expect(await installTelemetry(admin)).toMatchObject({ driver: 'plain', timescaleOffered: true });
    expect(await facts()).toMatchObject({ driver: 'plain', extension: 'NOT_CREATED' });
  });

  test('refuses to start, and says why, once the extension is gone', async () => {
    await install();
    await admin.query('drop extension timescaledb cascade');
    await expect(install()).rejects.toThrow(new TimescaleMissingError('NOT_CREATED').message);
  });

  test('another version of the definitions gives columns a new figure and keeps rows', async () => {
    await install();
    await admin.query(`
      insert into telemetry_raw.host_sample (time, server_id, cpu_pct) values ('2026-01-01', 1, 5);
      alter table telemetry_raw.host_sample drop column load15 cascade;
      select timescaledb.compress_chunk(chunk) from telemetry_logic.partition where tier = 'host_sample';
      update telemetry_raw.installation set definitions_digest = 'of an earlier version';`);
    await installTelemetry(admin);
    const { rows } = await admin.query('select server_id, cpu_pct, load15 from telemetry_raw.host_sample');
    expect(rows).toEqual([{ server_id: 1, cpu_pct: 5, load15: null }]);
  });
});
