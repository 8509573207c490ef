import type { SeededWorkspace } from '@pilothouse/db/testing';
import { generateSigningKey, readEnvelope, signWritten, writeIntent, type CommandIntent } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let server: PlayedServer;
let ctx: WorkspaceContext;

beforeAll(async () => {
  harness = await CommandsHarness.start();
});
beforeEach(async () => {
  workspace = await harness.workspace();
  server = await harness.server(workspace);
  ctx = await harness.member(workspace);
});
afterAll(() => harness.stop());

const EVIL = `arguments = jsonb_set(arguments, '{program,argv}', '["evil"]')`;
const rerun = (commandId: string) => harness.feature.commands.rerun(ctx, { commandId });
const programs = async () =>
  (await harness.deliveries(server)).map((delivery) => harness.open(server, delivery).intent as CommandIntent);
const recorded = (targetId: string) =>
  harness.sql<{ action: string; detail: string }>(
    'select action, detail from audit_entries where target_id = $1 order by sequence',
    [targetId],
  );
const actionsOn = async (targetId: string) => (await recorded(targetId)).map(({ action }) => action);

async function ended(command: object = { argv: ['true'] }): Promise<string> {
  const { id } = await harness.queue(ctx, server, { command });
  await harness.playAll(server);
  return id;
}

describe('a command whose row was changed behind the control plane', () => {
  it.each([
    ['program', EVIL],
    ['program and marks of secrets', `${EVIL}, envelope_sealed = false`],
    ['user', `arguments = jsonb_set(arguments, '{user}', '"root"')`],
    ['limits and idempotence', `limits = '{"timeoutMs": 5000, "concurrency": 9}', idempotent = true`],
    ['scopes', `scopes = '{}'`],
  ])('is run again as it was signed, whatever its readable columns say: %s', async (_what, change) => {
    const id = await ended();
    const { limits } = await harness.row(id);
    await harness.sql(`update commands set ${change} where id = $1`, [id]);
    await rerun(id);
    expect(await programs()).toMatchObject([
      {
        scopes: ['exec'],
        idempotent: false,
        limits,
        arguments: { program: { type: 'argv', argv: ['true'] }, user: null, environment: {}, stdin: null },
      },
    ]);
  });

  it.each([
    ['its envelope', `envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '"true"', '"evil"'), 'UTF8')`],
    ['its signature', 'envelope_signature = set_byte(envelope_signature, 1, get_byte(envelope_signature, 1) # 1)'],
    ['the name of its key', `envelope_key_id = 'ffffffffffffffff'`],
  ])('is not run again, people are warned, and it is on record: %s', async (_what, change) => {
    const id = await ended();
    await harness.sql(`update commands set ${change} where id = $1`, [id]);
    await expect(rerun(id)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('altered in the database since it was signed'),
    });
    expect(await programs()).toEqual([]);
    expect((await recorded(id)).at(-1)).toMatchObject({ action: 'command-rerun-refused' });
    expect(await actionsOn(server.serverId)).toEqual(['integrity-alert-raised']);
    expect(await harness.sql('select from alerts where server_id = $1', [server.serverId])).toHaveLength(1);
  });

  it('is not run again with what was signed for another command, or for another server', async () => {
    const [genuine, other] = [await ended({ argv: ['reboot'] }), await ended()];
    const elsewhere = await harness.server(workspace);
    const { id: foreign } = await harness.queue(ctx, elsewhere, { command: { argv: ['reboot'] } });
    for (const source of [genuine, foreign]) {
      await harness.sql(
        `update commands t set envelope = s.envelope, envelope_signature = s.envelope_signature, arguments = s.arguments
           from commands s where s.id = $1 and t.id = $2`,
        [source, other],
      );
      await expect(rerun(other)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await programs()).toEqual([]);
  });

  it('is not run again when another key than the control plane’s has signed it', async () => {
    const id = await ended();
    const row = await harness.row(id);
    const read = readEnvelope(
      { bytes: row.envelope, keyId: row.envelopeKeyId, signature: row.envelopeSignature },
      await harness.commandKeys(),
    );
    if (!read.ok) throw new Error('What was signed does not open');
    const { intent, audit } = read.envelope;
    const forged = signWritten({ ...generateSigningKey(), keyId: row.envelopeKeyId }, writeIntent(intent), audit);
    await harness.sql('update commands set envelope = $2, envelope_signature = $3 where id = $1', [
      id,
      forged.bytes,
      forged.signature,
    ]);
    await expect(rerun(id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a saved command whose row was changed behind the control plane', () => {
  const create = async (name: string) => {
    const mutation = `mutation ($input: CreateCommandTemplateInput!) {
      createCommandTemplate(input: $input) { ... on CommandTemplate { id } } }`;
    const input = { name, description: '', command: { argv: ['true'] }, idempotencyKey: name };
    const { data } = await harness.ask(ctx, mutation, { input });
    return data.createCommandTemplate.id as string;
  };

  it('is signed neither for a server nor for a run, and each attempt is on record', async () => {
    const templateId = await create('nightly');
    const { serverId } = server;
    await harness.queue(ctx, server, { command: null, templateId });
    expect(await programs()).toHaveLength(1);
    await harness.sql(
      `update command_templates set arguments = jsonb_set(arguments, '{argv}', '["evil"]') where id = $1`,
      [templateId],
    );
    const refused = { code: 'FORBIDDEN', message: expect.stringContaining('altered in the database') };
    await expect(harness.feature.commands.run(ctx, { serverId, templateId })).rejects.toMatchObject(refused);
    const target = { serverIds: [serverId] };
    await expect(harness.feature.runs.start(ctx, { target, templateId })).rejects.toMatchObject(refused);
    expect(await programs()).toEqual([]);
    expect(await actionsOn(templateId)).toEqual([
      'command-template-created',
      'command-template-refused',
      'command-template-refused',
    ]);
  });
});

describe('a run whose row was changed behind the control plane', () => {
  it('releases what was signed when it was started', async () => {
    const second = await harness.server(workspace);
    const run = await harness.feature.runs.start(ctx, {
      target: { serverIds: [server.serverId, second.serverId] },
      command: { argv: ['true'] },
      batchSize: 1,
    });
    const runId = (run as { id: string }).id;
    await harness.sql(`update command_runs set ${EVIL} where id = $1`, [runId]);
    await harness.sql(`update commands set ${EVIL} where run_id = $1`, [runId]);
    const opened: string[][] = [];
    for (let round = 0; round < 2; round += 1) {
      for (const on of [server, second]) {
        for (const delivery of await harness.playAll(on)) {
          const { program } = (harness.open(on, delivery).intent as CommandIntent).arguments;
          if (program.type === 'argv') opened.push(program.argv);
        }
      }
      await harness.feature.advancer.advance(workspace.workspaceId, runId);
    }
    expect(opened).toEqual([['true'], ['true']]);
  });
});
