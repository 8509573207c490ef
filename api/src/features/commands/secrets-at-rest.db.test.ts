import type { SeededWorkspace } from '@pilothouse/db/testing';
import { openEnvelope, sha256Hex, type CommandIntent } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

const VALUE = 'canary-4be1-value';
const INPUT = 'canary-4be1-input';
const SECRET_COMMAND = {
  argv: ['true'],
  environment: [{ name: 'TOKEN', value: VALUE }],
  stdin: Buffer.from(INPUT),
};

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

const queue = (command: object = SECRET_COMMAND) => harness.queue(ctx, server, { command });

/** The arguments that the agent gets to see, after it has verified them. */
async function delivered(now = new Date()): Promise<CommandIntent['arguments'][]> {
  const deliveries = await harness.deliveries(server, now);
  return deliveries.map((delivery) => (harness.open(server, delivery).intent as CommandIntent).arguments);
}

/** What the agent makes of the only delivery. */
async function problem(on = server) {
  const [delivery] = await harness.deliveries(on);
  const { keyId, publicKey } = harness.commandKey;
  const opened = openEnvelope(delivery!.envelope, {
    commandKeys: [{ keyId, publicKey }],
    serverId: on.serverId,
    generation: on.generation,
    now: new Date(),
  });
  return opened.ok ? null : opened.problem;
}

/** Every row of a table; bytes as hexadecimal digits. */
async function textOf(table: string): Promise<string> {
  const rows = await harness.sql<{ text: string }>(`select t::text as text from ${table} t`);
  return rows.map(({ text }) => text).join('\n');
}

const hex = (text: string) => Buffer.from(text).toString('hex');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const FORMS = [VALUE, INPUT].flatMap((secret) => [secret, base64(secret), hex(secret), hex(base64(secret))]);

describe('values of the environment and standard input', () => {
  it('are in no column in the open, and reach the agent as they were signed', async () => {
    const command = await queue();
    const stored = [await textOf('commands'), await textOf('audit_entries'), await textOf('workspace_events')].join();
    for (const form of FORMS) expect(stored).not.toContain(form);
    expect(stored).toContain('TOKEN');
    const row = await harness.row(command.id);
    expect(row).toMatchObject({ envelopeSealed: true, arguments: { environmentNames: ['TOKEN'], hasStdin: true } });
    const [delivery] = await harness.deliveries(server);
    expect(row.envelopeDigest).toBe(sha256Hex(delivery!.envelope.bytes));
    const { intent } = harness.open(server, delivery!);
    expect(intent.arguments).toMatchObject({
      environment: { TOKEN: VALUE },
      stdin: Buffer.from(INPUT).toString('base64'),
    });
    await harness.publish(server, [harness.result(server, delivery!)]);
    expect(await harness.row(command.id)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('come again byte for byte when they were not confirmed', async () => {
    await queue();
    const first = await harness.deliveries(server);
    expect(await harness.deliveries(server, new Date(Date.now() + 3_600_000))).toEqual(first);
  });

  it('of a run reach every server, and are in no row in the open', async () => {
    const second = await harness.server(workspace);
    const run = await harness.feature.runs.start(ctx, {
      target: { serverIds: [server.serverId, second.serverId] },
      command: SECRET_COMMAND,
      batchSize: 1,
    });
    expect(run).toMatchObject({ state: 'RUNNING' });
    const stored = (await textOf('commands')) + (await textOf('command_runs'));
    for (const form of FORMS) expect(stored).not.toContain(form);
    const [first] = (await delivered()).concat(await delivered());
    expect(first).toMatchObject({ environment: { TOKEN: VALUE } });
  });

  it('are there again when the command is run again', async () => {
    const original = await queue();
    await harness.playAll(server);
    const again = await harness.feature.commands.rerun(ctx, { commandId: original.id });
    expect(again).toMatchObject({ rerunOf: original.id });
    expect(await delivered()).toMatchObject([
      { program: { argv: ['true'] }, environment: { TOKEN: VALUE }, stdin: Buffer.from(INPUT).toString('base64') },
    ]);
    const row = await harness.row((again as { id: string }).id);
    expect(row).toMatchObject({ envelopeSealed: true, arguments: original.arguments });
  });

  it('cost nothing where there are none: the envelope is stored as it was signed', async () => {
    const { id } = await queue({ argv: ['true'] });
    const row = await harness.row(id);
    expect(row).toMatchObject({ envelopeSealed: false, envelopeDigest: sha256Hex(row.envelope) });
  });
});

describe('an instruction that is no command', () => {
  async function sealedCancel(table: 'commands' | 'instructions') {
    const { id } = await queue({ argv: ['sleep', '60'] });
    await delivered();
    await harness.feature.commands.cancel(ctx, id);
    const [cancel] = await harness.sql<{ id: string; envelope: Buffer; envelope_digest: string }>(
      'select id, envelope, envelope_digest from instructions where command_id = $1',
      [id],
    );
    const { workspaceId } = workspace;
    const place = { workspaceId, table, column: 'envelope', row: cancel!.id, version: 1 };
    await harness.sql('update instructions set envelope = $2, envelope_sealed = true where id = $1', [
      cancel!.id,
      harness.sealing.seal(cancel!.envelope, place),
    ]);
    return cancel!;
  }

  it('reaches the agent as it was signed when it is stored sealed', async () => {
    const cancel = await sealedCancel('instructions');
    expect(cancel.envelope_digest).toBe(sha256Hex(cancel.envelope));
    const [delivery] = await harness.deliveries(server);
    expect(delivery!.envelope.bytes).toEqual(cancel.envelope);
    expect(harness.open(server, delivery!).intent).toMatchObject({ id: cancel.id, kind: 'cancel' });
  });

  it('opens in no row of another table, and is refused there', async () => {
    await sealedCancel('commands');
    expect(await problem()).toBe('BAD_SIGNATURE');
  });
});

describe('a sealed envelope that was changed behind the control plane', () => {
  it.each([
    ['one byte of it', 'envelope = set_byte(envelope, 80, get_byte(envelope, 80) # 1)'],
    ['all of it', `envelope = '\\x7b7d'`],
    ['nothing but the mark', 'envelope_sealed = false'],
  ])('goes to the agent, which refuses it: %s', async (_what, change) => {
    const { id } = await queue();
    await harness.sql(`update commands set ${change} where id = $1`, [id]);
    expect(await problem()).toBe('BAD_SIGNATURE');
  });

  it('opens in no other row, and is refused there', async () => {
    const [genuine, other] = [await queue(), await queue({ argv: ['env'], environment: [{ name: 'A', value: 'b' }] })];
    await harness.sql(
      `update commands t set envelope = s.envelope, envelope_signature = s.envelope_signature from commands s
        where s.id = $1 and t.id = $2`,
      [genuine.id, other.id],
    );
    await harness.sql(`update commands set state = 'CANCELLED' where id = $1`, [genuine.id]);
    expect(await problem()).toBe('BAD_SIGNATURE');
  });

  it('is not run again, whatever its row says', async () => {
    const { id } = await queue();
    await harness.playAll(server);
    const before = await harness.sql('select count(*) from commands');
    await harness.sql(
      `update commands set envelope = set_byte(envelope, 80, get_byte(envelope, 80) # 1) where id = $1`,
      [id],
    );
    await expect(harness.feature.commands.rerun(ctx, { commandId: id })).rejects.toThrow('altered in the database');
    expect(await harness.sql('select count(*) from commands')).toEqual(before);
  });

  it('is run again as it was signed, and not as its readable columns say', async () => {
    const { id } = await queue();
    await harness.playAll(server);
    await harness.sql(
      `update commands set arguments = jsonb_set(arguments, '{program,argv}', '["evil"]') where id = $1`,
      [id],
    );
    await harness.feature.commands.rerun(ctx, { commandId: id });
    expect(await delivered()).toMatchObject([{ program: { argv: ['true'] }, environment: { TOKEN: VALUE } }]);
  });
});
