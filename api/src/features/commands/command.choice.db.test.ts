import { randomUUID } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

const UNKNOWN = '018f0000-0000-7000-8000-000000000000';
const SAVE = `mutation ($input: CreateCommandTemplateInput!) { createCommandTemplate(input: $input) {
  ... on CommandTemplate { id } } }`;
const RUN = `mutation ($input: RunCommandInput!) { runCommand(input: $input) { __typename ... on Command { id
  timeoutMs priority idempotent program { argv user environmentNames } } ... on Refusal { code } } }`;
const RUN_MANY = `mutation ($input: RunOnServersInput!) { runOnServers(input: $input) { __typename
  ... on Run { id serverCount } ... on Refusal { code } } }`;

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;
let server: PlayedServer;

beforeAll(async () => {
  harness = await CommandsHarness.start();
});
beforeEach(async () => {
  workspace = await harness.workspace();
  ctx = await harness.member(workspace);
  server = await harness.server(workspace);
});
afterAll(() => harness.stop());

const COMMAND = {
  argv: ['systemctl', 'restart', 'web'],
  environment: [{ name: 'STAGE', value: 'canary-51b2' }],
  timeoutMs: 5000,
  priority: 3,
  idempotent: true,
};

async function save(as = ctx, command: object = COMMAND): Promise<string> {
  return (
    await harness.ask(as, SAVE, {
      input: { name: 'Restart web', command, idempotencyKey: randomUUID() },
    })
  ).data.createCommandTemplate.id;
}
const run = (input: object, as = ctx) =>
  harness.ask(as, RUN, { input: { serverId: server.serverId, idempotencyKey: randomUUID(), ...input } });
const runMany = (input: object, as = ctx) =>
  harness.ask(as, RUN_MANY, { input: { target: { all: true }, idempotencyKey: randomUUID(), ...input } });
const detailOf = async (subjectId: string) => {
  const [entry] = await harness.sql<{ detail: string }>('select detail from audit_entries where target_id = $1', [
    subjectId,
  ]);
  return entry?.detail ?? '';
};
const queued = () => harness.sql('select id from commands where server_id = $1', [server.serverId]);

it('runs a saved command as it is now, signed like any other, and names it on record', async () => {
  const templateId = await save();
  const { data } = await run({ templateId });
  expect(data.runCommand).toMatchObject({ timeoutMs: 5000, priority: 3, idempotent: true });
  expect(data.runCommand.program).toEqual({ argv: COMMAND.argv, user: null, environmentNames: ['STAGE'] });
  const [delivery] = await harness.deliveries(server);
  const { intent } = harness.open(server, delivery!);
  expect(intent.arguments).toMatchObject({
    program: { type: 'argv', argv: COMMAND.argv },
    environment: { STAGE: 'canary-51b2' },
    stdin: null,
  });
  const detail = await detailOf(data.runCommand.id);
  expect(JSON.parse(detail).template).toEqual({ id: templateId, name: 'Restart web' });
  expect(detail).not.toContain('canary-51b2');
});

it('runs a saved command on many servers and names it on record', async () => {
  await harness.server(workspace);
  const templateId = await save();
  const { data } = await runMany({ templateId });
  expect(data.runOnServers).toMatchObject({ __typename: 'Run', serverCount: 2 });
  expect(JSON.parse(await detailOf(data.runOnServers.id)).template).toEqual({ id: templateId, name: 'Restart web' });
  const [delivery] = await harness.deliveries(server);
  expect(harness.open(server, delivery!).intent.arguments).toMatchObject({ program: { argv: COMMAND.argv } });
});

it('names no template on record where none was used', async () => {
  const { data } = await run({ command: { argv: ['true'] } });
  expect(JSON.parse(await detailOf(data.runCommand.id))).not.toHaveProperty('template');
});

it('takes exactly one of command and templateId', async () => {
  const templateId = await save();
  for (const input of [{}, { command: null, templateId: null }, { command: { argv: ['true'] }, templateId }]) {
    for (const answer of [await run(input), await runMany(input)]) {
      expect(answer).toMatchObject({ code: 'BAD_USER_INPUT', message: 'Give either command or templateId.' });
    }
  }
  expect(await queued()).toEqual([]);
});

it('gives the same command again for a key, also when the template is gone meanwhile', async () => {
  const templateId = await save();
  const first = await run({ templateId, idempotencyKey: 'once' });
  await harness.sql('delete from command_templates where id = $1', [templateId]);
  expect(await run({ templateId, idempotencyKey: 'once' })).toEqual(first);
  expect((await run({ templateId })).code).toBe('NOT_FOUND');
});

it('refuses a server that lacks a scope the saved command needs', async () => {
  const templateId = await save(ctx, { ...COMMAND, user: 'deploy' });
  await harness.sql(`update servers set scopes = '{exec}' where id = $1`, [server.serverId]);
  expect((await run({ templateId })).data.runCommand.code).toBe('SCOPE_MISSING');
  expect((await runMany({ templateId })).data.runOnServers.code).toBe('SCOPE_MISSING');
});

it('lets nobody run a saved command where they may not run any', async () => {
  const templateId = await save();
  const viewer = await harness.member(workspace, 'VIEWER');
  expect((await run({ templateId }, viewer)).code).toBe('FORBIDDEN');
  expect((await runMany({ templateId }, viewer)).code).toBe('FORBIDDEN');
  const other = await harness.server(workspace);
  const granted = { ...viewer, grants: [{ role: 'OPERATOR' as const, serverId: other.serverId, tag: null }] };
  expect((await run({ templateId }, granted)).code).toBe('FORBIDDEN');
});

it('another workspace cannot run it: its id answers like one that does not exist', async () => {
  const theirs = await harness.member(await harness.workspace());
  const foreign = await save(theirs);
  for (const templateId of [foreign, UNKNOWN, 'x\0', '']) {
    const missing = { data: null, code: 'NOT_FOUND', message: 'The template was not found.' };
    expect(await run({ templateId })).toEqual(missing);
    expect(await runMany({ templateId })).toEqual(missing);
  }
  expect(await queued()).toEqual([]);
});
