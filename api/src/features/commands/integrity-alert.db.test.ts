import type { SeededWorkspace } from '@pilothouse/db/testing';
import type { AgentFrame } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../kernel/authorisation/index.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

const SHOWN = 'query ($id: ID!) { server(id: $id) { integrityAlert { raisedAt reason commandId count } } }';
const ACKNOWLEDGE = `mutation ($input: AcknowledgeIntegrityAlertInput!) {
  acknowledgeIntegrityAlert(input: $input) {
    __typename ... on Server { integrityAlert { count } } ... on Refusal { code message } } }`;
const CHANGED = `subscription ($id: ID!) {
  serverChanged(afterSeq: 0, serverIds: [$id]) { serverId server { integrityAlert { count } } } }`;

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let server: PlayedServer;

beforeAll(async () => {
  harness = await CommandsHarness.start();
});
beforeEach(async () => {
  workspace = await harness.workspace();
  server = await harness.server(workspace);
});
afterAll(() => harness.stop());

const as = (role: Role) => harness.as(workspace, role);
const refused = (commandId: string, problem = 'BAD_SIGNATURE'): AgentFrame => ({ refused: { commandId, problem } });
const queue = async () => (await harness.queue(await harness.member(workspace), server)).id;
const acknowledge = (ctx = as('ADMIN'), id = server.serverId) =>
  harness.ask(ctx, ACKNOWLEDGE, { input: { serverId: id } });

async function shown({ serverId }: PlayedServer = server) {
  const { data } = await harness.ask(as('VIEWER'), SHOWN, { id: serverId });
  return data.server.integrityAlert as { raisedAt: Date; reason: string; commandId: string; count: number } | null;
}

/** What went on record about this server's alerts. */
async function recorded({ serverId }: PlayedServer = server) {
  const rows = await harness.sql<{ action: string; actor: string; detail: string }>(
    `select action, actor_kind as actor, detail from audit_entries
      where target_id = $1 and action like 'integrity-%' order by sequence`,
    [serverId],
  );
  return rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as Record<string, unknown> }));
}

/** Every alert stored of this server, open or not. */
const stored = () => harness.sql('select 1 from alerts where server_id = $1', [server.serverId]);

describe('an integrity alert', () => {
  it.each([
    ['UNKNOWN_KEY', 'It was signed by a key that is not this control plane’s.'],
    ['BAD_SIGNATURE', 'Its signature is wrong: it was altered, or this control plane has not signed it.'],
    ['MALFORMED', 'Its content is in no form that this control plane signs.'],
    ['OTHER_SERVER', 'It was signed for another server.'],
    ['STALE_GENERATION', 'It was signed for an identity of this server that is void.'],
    ['LIFETIME_TOO_LONG', 'It would be valid for longer than this control plane signs.'],
  ])('is raised, shown and put on record when an agent refuses an instruction: %s', async (problem, reason) => {
    const commandId = await queue();
    expect(await shown()).toBeNull();
    await harness.publish(server, [refused(commandId, problem)]);
    expect(await shown()).toEqual({ raisedAt: expect.any(Date), reason, commandId, count: 1 });
    expect(await recorded()).toMatchObject([
      { action: 'integrity-alert-raised', actor: 'AGENT', detail: { commandId, problem } },
    ]);
  });

  it.each(['constructor', 'bad_signature', ' BAD_SIGNATURE', '', '<b>its own words</b>', 'phk_its-own-words'])(
    'repeats nothing of an agent’s own words, neither shown nor stored nor on record: %j',
    async (words) => {
      const commandId = await queue();
      await harness.publish(server, [refused(commandId, words)]);
      expect(await shown()).toMatchObject({ reason: 'The agent found it not genuine.', commandId });
      expect((await recorded())[0]!.detail).toMatchObject({ commandId, problem: 'UNNAMED' });
      const [{ detail }] = (await harness.sql<{ detail: string }>(
        `select detail from audit_entries where target_id = $1 and action = 'instruction-refused'`,
        [commandId],
      )) as [{ detail: string }];
      expect(JSON.parse(detail)).toMatchObject({ serverId: server.serverId, problem: 'UNNAMED' });
      expect(await harness.row(commandId)).toMatchObject({ reason: 'The agent refused the instruction: UNNAMED' });
    },
  );

  it('is told to who follows the server', async () => {
    const live = harness.follow(as('VIEWER'), CHANGED, { id: server.serverId });
    await harness.publish(server, [refused(await queue())]);
    expect((await live.next()).value?.data.serverChanged).toEqual({
      serverId: server.serverId,
      server: { integrityAlert: { count: 1 } },
    });
    await live.return();
  });

  it('is raised by a cancel that is not genuine too', async () => {
    const commandId = await queue();
    await harness.deliveries(server);
    await harness.feature.commands.cancel(await harness.member(workspace), commandId);
    const [cancel] = await harness.sql<{ id: string }>('select id from instructions where command_id = $1', [
      commandId,
    ]);
    await harness.publish(server, [refused(cancel!.id)]);
    expect(await shown()).toMatchObject({ commandId: cancel!.id, count: 1 });
  });

  it('counts each further instruction once, in one row and one entry, by however many publishes', async () => {
    const ids: string[] = [];
    while (ids.length < 12) ids.push(await queue());
    await harness.publish(server, [refused(ids[0]!, 'UNKNOWN_KEY')]);
    await Promise.all(ids.map((id) => harness.publish(server, [refused(id), refused(id)])));
    await harness.publish(
      server,
      ids.map((id) => refused(id)),
    );
    expect(await shown()).toMatchObject({ commandId: ids[0], count: 12, reason: expect.stringContaining('a key') });
    expect(await stored()).toHaveLength(1);
    expect(await recorded()).toHaveLength(1);
  });

  it.each(['NO_HANDSHAKE', 'NO_SPACE', 'QUEUE_FULL'])('is not raised by a problem that passes: %s', async (problem) => {
    await harness.publish(server, [refused(await queue(), problem)]);
    expect(await shown()).toBeNull();
  });

  it.each(['VETOED', 'EXPIRED'] as const)('is not raised by a genuine command that ends as %s', async (state) => {
    await queue();
    const [delivery] = await harness.deliveries(server);
    await harness.publish(server, [harness.result(server, delivery!, { state, reason: 'The host policy says no' })]);
    expect(await shown()).toBeNull();
    expect(await stored()).toEqual([]);
  });

  it('is raised by an agent for its own server only', async () => {
    const commandId = await queue();
    for (const other of [await harness.server(workspace), await harness.server(await harness.workspace())]) {
      expect(await harness.publish(other, [refused(commandId)])).toMatchObject([{ code: 'UNKNOWN_COMMAND' }]);
      expect(await harness.sql('select 1 from alerts where server_id = $1', [other.serverId])).toEqual([]);
    }
    expect(await shown()).toBeNull();
    expect(await recorded()).toEqual([]);
  });

  it('is not raised about an instruction that there is none of', async () => {
    await harness.publish(server, [refused('018f0000-0000-7000-8000-000000000000')]);
    expect(await shown()).toBeNull();
  });
});

describe('acknowledging an integrity alert', () => {
  it('takes it away, on record with what was seen, and tells who follows; the next one is a new one', async () => {
    const first = await queue();
    await harness.publish(server, [refused(first)]);
    const { raisedAt } = (await shown())!;
    expect((await acknowledge()).data.acknowledgeIntegrityAlert).toEqual({
      __typename: 'Server',
      integrityAlert: null,
    });
    expect(await shown()).toBeNull();
    expect((await recorded())[1]).toMatchObject({
      action: 'integrity-alert-acknowledged',
      actor: 'USER',
      detail: { commandId: first, count: 1 },
    });
    expect(new Date((await recorded())[1]!.detail['raisedAt'] as string)).toEqual(raisedAt);
    expect(await harness.changesOf(server.serverId)).toHaveLength(2);
    const second = await queue();
    await harness.publish(server, [refused(first), refused(second)]);
    expect(await shown()).toMatchObject({ commandId: second, count: 1 });
    expect(await recorded()).toHaveLength(3);
  });

  it('says so when there is none, and puts nothing on record', async () => {
    expect((await acknowledge()).data.acknowledgeIntegrityAlert).toMatchObject({ code: 'NO_INTEGRITY_ALERT' });
    await harness.publish(server, [refused(await queue())]);
    const answers = await Promise.all([acknowledge(), acknowledge()]);
    const types = answers.map(({ data }) => data.acknowledgeIntegrityAlert.__typename as string);
    expect(new Set(types)).toEqual(new Set(['Server', 'NoIntegrityAlert']));
    expect(await recorded()).toHaveLength(2);
  });

  it.each(['VIEWER', 'DEPLOYER', 'OPERATOR'] as const)('is not for a member with the role %s', async (role) => {
    await harness.publish(server, [refused(await queue())]);
    expect(await acknowledge(as(role))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await shown()).toMatchObject({ count: 1 });
  });

  it('another workspace cannot, nor see it', async () => {
    await harness.publish(server, [refused(await queue())]);
    const stranger = harness.as(await harness.workspace(), 'OWNER');
    expect(await acknowledge(stranger)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await harness.ask(stranger, SHOWN, { id: server.serverId })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await shown()).toMatchObject({ count: 1 });
  });
});
