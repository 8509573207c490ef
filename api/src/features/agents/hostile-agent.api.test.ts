import { generateSigningKey, sha256Hex } from '@pilothouse/protocol';
import { seedEveryTable } from '@pilothouse/db/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentClient, Identity } from '../../testing/agent-client.js';
import { GatewayHarness } from './testing/gateway.harness.js';

const FRAMES_AT_ONCE = 24;

describe('a hostile agent', () => {
  let harness: GatewayHarness;
  let agent: Identity;
  let client: AgentClient;

  beforeAll(async () => {
    harness = await GatewayHarness.start();
    const [home] = [await seedEveryTable(harness.db), await seedEveryTable(harness.db)];
    agent = await harness.identity(home);
    ({ client } = await harness.connect(agent));
  });
  afterAll(() => harness.stop());

  /** Every row that is not about the agent's own server, as a digest for each table. */
  async function rest(): Promise<Record<string, string>> {
    const tables = await harness.sql<{ name: string; own: string }>(
      `select t.tablename as name, coalesce(max(c.column_name) filter (where c.column_name in ('server_id', 'target_id', 'subject_id')),
              case t.tablename when 'servers' then 'id' else 'null' end) as own
         from pg_tables t join information_schema.columns c on c.table_schema = t.schemaname and c.table_name = t.tablename
        where t.schemaname = 'public' group by t.tablename`,
    );
    const digests: Record<string, string> = {};
    for (const { name, own } of tables) {
      const [row] = await harness.sql<{ digest: string }>(
        `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from ${name} t
          where ${own}::text is distinct from $1`,
        [agent.serverId],
      );
      digests[name] = row!.digest;
    }
    // Its own changes are numbered beside those of its workspace.
    delete digests['workspace_event_heads'];
    delete digests['audit_heads'];
    return digests;
  }

  /** Ids of everything there is, by table. */
  async function everyId(): Promise<string[]> {
    const ids = await harness.sql<{ id: string }>(
      `select id from commands union select id from servers union select id from instructions union select id from agent_identities
       union select id from workspaces union select id from users union select id from command_runs`,
    );
    return ids.map(({ id }) => id);
  }

  it('changes nothing that is not about its own server, by whatever frame about whatever id', async () => {
    const ids = await everyId();
    const before = await rest();
    const at = new Date().toISOString();
    const frames = ids.flatMap((id, seq) => [
      { received: { commandId: id } },
      { started: { commandId: id, startedAt: at, bootId: 'boot', unit: `ph-cmd-${id}.service` } },
      { output: { commandId: id, seq, stream: 'STDOUT', position: 0, data: 'AAAA' } },
      { outputGap: { commandId: id, fromSeq: 0, toSeq: 9, bytes: 9 } },
      { refused: { commandId: id, problem: 'BAD_SIGNATURE' } },
      harness.result(agent, { id, envelopeDigest: sha256Hex(id) }),
      harness.result({ ...agent, key: generateSigningKey() }, { id, envelopeDigest: sha256Hex(id) }),
    ]);
    for (let start = 0; start < frames.length; start += FRAMES_AT_ONCE) {
      await client.publish(frames.slice(start, start + FRAMES_AT_ONCE));
    }
    expect(await rest()).toEqual(before);
  });

  it('would be found out by one changed letter of another server', async () => {
    const before = await rest();
    await harness.sql(
      `update servers set name = name || '!' where id = (select id from servers where id <> $1 limit 1)`,
      [agent.serverId],
    );
    expect(await rest()).not.toEqual(before);
  });

  it('is still served afterwards, as it would be at first', async () => {
    expect(await client.publishAll([{ health: { checks: [{ name: 'disk', ok: true, message: null }] } }])).toEqual([]);
  });
});
