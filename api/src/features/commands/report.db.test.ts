import {
  COMMAND_STATES,
  FINAL_STATES,
  generateSigningKey,
  sha256Hex,
  type AgentFrame,
  type CommandState,
} from '@pilothouse/protocol';
import { describe, expect, it } from 'vitest';
import type { Delivery } from './index.js';
import { useCommandsScene } from './testing/commands.scene.js';

const scene = useCommandsScene();

const SENT = { sent_at: new Date(), sent_counter: 1 };
const OVERDUE = { expires_at: new Date(Date.now() - 3_600_000), deadline_at: new Date(Date.now() - 1) };
const copy = (state: CommandState, columns: Record<string, unknown> = SENT) =>
  scene.harness.copy(scene.model.id, { state, ...columns });
const received = (commandId: string): AgentFrame => ({ received: { commandId } });
const started = (commandId: string): AgentFrame => ({
  started: { commandId, startedAt: new Date().toISOString(), bootId: 'boot', unit: `ph-cmd-${commandId}.service` },
});
const delivery = (id: string): Delivery => ({
  id,
  envelope: { bytes: scene.model.envelope, keyId: scene.model.envelopeKeyId, signature: scene.model.envelopeSignature },
});
const ended = (id: string, fields: Parameters<typeof scene.harness.result>[2] = {}, by = scene.server) =>
  scene.harness.result(by, delivery(id), fields);

/** PROTOCOL.md's table, written again by hand: what each cause makes of a state; what is not here stays as it is. */
const TABLE: Record<string, Partial<Record<CommandState, CommandState>>> = {
  received: { QUEUED: 'DELIVERED' },
  started: { QUEUED: 'RUNNING', DELIVERED: 'RUNNING' },
  refused: { QUEUED: 'VETOED', DELIVERED: 'VETOED', RUNNING: 'VETOED' },
  withdraw: { QUEUED: 'CANCELLED' },
  'sweep of what was never sent': { QUEUED: 'EXPIRED', DELIVERED: 'INTERRUPTED', RUNNING: 'INTERRUPTED' },
  'sweep of what was sent': { QUEUED: 'INTERRUPTED', DELIVERED: 'INTERRUPTED', RUNNING: 'INTERRUPTED' },
};

const CAUSES: Record<string, { columns?: Record<string, unknown>; act: (id: string) => Promise<unknown> }> = {
  received: { act: (id) => scene.harness.publish(scene.server, [received(id)]) },
  started: { act: (id) => scene.harness.publish(scene.server, [started(id)]) },
  refused: {
    act: (id) => scene.harness.publish(scene.server, [{ refused: { commandId: id, problem: 'BAD_SIGNATURE' } }]),
  },
  withdraw: { columns: {}, act: (id) => scene.harness.feature.commands.cancel(scene.ctx, id) },
  'sweep of what was never sent': { columns: OVERDUE, act: () => scene.harness.feature.sweep.run() },
  'sweep of what was sent': { columns: { ...SENT, ...OVERDUE }, act: () => scene.harness.feature.sweep.run() },
};

describe('transitions', () => {
  for (const [cause, { columns, act }] of Object.entries(CAUSES)) {
    it.each(COMMAND_STATES)(`${cause} meets %s`, async (state) => {
      const id = await copy(state, columns);
      const expected = TABLE[cause]![state];
      await act(id);
      const row = await scene.harness.row(id);
      expect(row.state).toBe(expected ?? state);
      if (expected) expect(row.revision).toBe(2);
      expect(await scene.harness.changesOf(id)).toHaveLength(row.revision - 1);
    });
  }

  it.each(COMMAND_STATES.flatMap((state) => FINAL_STATES.map((result) => [result, state] as const)))(
    'a result of %s meets %s',
    async (result, state) => {
      const id = await copy(state);
      const isOpen = ['QUEUED', 'DELIVERED', 'RUNNING'].includes(state);
      expect(await scene.harness.publish(scene.server, [ended(id, { state: result })])).toEqual([]);
      const row = await scene.harness.row(id);
      expect(row).toMatchObject({ state: isOpen ? result : state, revision: 2 });
      expect(row.result !== null).toBe(isOpen);
      expect(row.lateResult !== null).toBe(!isOpen);
    },
  );
});

describe('repetition and reordering', () => {
  const life = (id: string) => [received(id), started(id), ended(id)];

  it('changes nothing the second time', async () => {
    const id = await copy('QUEUED');
    await scene.harness.publish(scene.server, life(id));
    const before = await scene.harness.row(id);
    const changes = await scene.harness.changesOf(id);
    expect(await scene.harness.publish(scene.server, [...life(id), ...life(id).reverse()])).toEqual([]);
    expect(await scene.harness.row(id)).toEqual(before);
    expect(await scene.harness.changesOf(id)).toEqual(changes);
  });

  it('ends alike in every order', async () => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const id = await copy('QUEUED');
      for (const index of order) expect(await scene.harness.publish(scene.server, [life(id)[index]!])).toEqual([]);
      const row = await scene.harness.row(id);
      expect(row).toMatchObject({ state: 'SUCCEEDED', exitCode: 0, outcome: 'KNOWN', lateResult: null });
      const moves = 1 + Number(order.indexOf(1) < order.indexOf(2)) + Number(order[0] === 0);
      expect(row.revision, order.join()).toBe(1 + moves);
      expect(await scene.harness.changesOf(id)).toHaveLength(moves);
    }
  });
});

describe('revisions and changes', () => {
  it('rise by one with each change, and changes are numbered without gap', async () => {
    const id = await copy('QUEUED');
    const numbers: number[] = [];
    for (const [index, frame] of [received(id), started(id), ended(id)].entries()) {
      await scene.harness.publish(scene.server, [frame]);
      expect((await scene.harness.row(id)).revision).toBe(index + 2);
      numbers.push((await scene.harness.changesOf(id)).at(-1)!);
    }
    expect(numbers).toEqual([numbers[0]!, numbers[0]! + 1, numbers[0]! + 2]);
  });

  it('are fewer where the start comes with the taking: it says both, whatever stands between them', async () => {
    const [one, other] = [await copy('QUEUED'), await copy('QUEUED')];
    const frames = [received(one), received(other), started(one), ended(one)];
    expect(await scene.harness.publish(scene.server, frames)).toEqual([]);
    const row = await scene.harness.row(one);
    expect(row).toMatchObject({ state: 'SUCCEEDED', revision: 3, unit: `ph-cmd-${one}.service` });
    expect(row.deliveredAt).toEqual(row.startedAt);
    expect(row.startedAt).not.toBeNull();
    expect(await scene.harness.row(other)).toMatchObject({ state: 'DELIVERED', revision: 2, startedAt: null });
  });

  it('are refused both where the start is', async () => {
    const intruder = await scene.harness.server(scene.workspace);
    const id = await copy('QUEUED');
    const refused = await scene.harness.publish(intruder, [received(id), started(id)]);
    expect(refused).toMatchObject([
      { index: 0, code: 'UNKNOWN_COMMAND' },
      { index: 1, code: 'UNKNOWN_COMMAND' },
    ]);
  });

  it('note the start on the host and when time runs out', async () => {
    const id = await copy('DELIVERED');
    await scene.harness.publish(scene.server, [started(id)]);
    const row = await scene.harness.row(id);
    expect(row).toMatchObject({ unit: `ph-cmd-${id}.service`, bootId: 'boot' });
    const { timeoutMs } = row.limits as { timeoutMs: number };
    expect(row.deadlineAt!.getTime() - row.startedAt!.getTime()).toBe(timeoutMs + 3000 + 300_000);
  });
});

describe('a late result', () => {
  it('is recorded once and shown, and the state stays', async () => {
    const id = await copy('INTERRUPTED', { outcome: 'UNKNOWN' });
    await scene.harness.publish(scene.server, [ended(id, { state: 'FAILED', exitCode: 3, reason: 'first' })]);
    const before = await scene.harness.row(id);
    await scene.harness.publish(scene.server, [ended(id, { state: 'SUCCEEDED' })]);
    expect(await scene.harness.row(id)).toEqual(before);
    const { data } = await scene.harness.ask(
      scene.ctx,
      'query ($id: ID!) { command(id: $id) { state outcome lateResult { state exitCode reason } } }',
      { id },
    );
    expect(data.command).toEqual({
      state: 'INTERRUPTED',
      outcome: 'UNKNOWN',
      lateResult: { state: 'FAILED', exitCode: 3, reason: 'first' },
    });
  });

  it('is not made of the result that ended the command', async () => {
    const id = await copy('RUNNING');
    await scene.harness.publish(scene.server, [ended(id), ended(id, { state: 'FAILED' })]);
    expect(await scene.harness.row(id)).toMatchObject({ state: 'SUCCEEDED', lateResult: null });
  });
});

describe('a result that is not genuine', () => {
  const BAD = [{ index: 0, code: 'BAD_RESULT', message: 'The result’s signature or form is wrong' }];

  async function isRefusedAndChangesNothing(id: string, frame: AgentFrame, refusals: unknown = BAD): Promise<void> {
    const before = await scene.harness.row(id);
    expect(await scene.harness.publish(scene.server, [frame])).toEqual(refusals);
    expect(await scene.harness.row(id)).toEqual(before);
    expect(await scene.harness.changesOf(id)).toEqual([]);
  }

  it('of another key', async () => {
    const id = await copy('RUNNING');
    await isRefusedAndChangesNothing(id, ended(id, {}, { ...scene.server, key: generateSigningKey() }));
  });

  it('of another agent’s id', async () => {
    const id = await copy('RUNNING');
    await isRefusedAndChangesNothing(id, ended(id, {}, { ...scene.server, agentId: scene.server.serverId }));
  });

  it('with altered bytes or signature', async () => {
    const id = await copy('RUNNING');
    const { result } = ended(id) as { result: { statement: string; signature: string } };
    const flipped = (text: string) => {
      const bytes = Buffer.from(text, 'base64');
      bytes[10]! ^= 1;
      return bytes.toString('base64');
    };
    await isRefusedAndChangesNothing(id, { result: { ...result, statement: flipped(result.statement) } });
    await isRefusedAndChangesNothing(id, { result: { ...result, signature: flipped(result.signature) } });
  });

  it('for other bytes than were signed for the command: known, and without effect', async () => {
    const id = await copy('RUNNING');
    await isRefusedAndChangesNothing(id, ended(id, { envelopeDigest: sha256Hex('other') }), []);
    const final = await copy('INTERRUPTED');
    await isRefusedAndChangesNothing(final, ended(final, { envelopeDigest: sha256Hex('other') }), []);
  });

  it('is told from one whose sentence holds a NUL, which ends the command', async () => {
    const id = await copy('RUNNING');
    await scene.harness.publish(scene.server, [ended(id, { state: 'FAILED', exitCode: null, reason: 'a\0b' })]);
    expect(await scene.harness.row(id)).toMatchObject({ state: 'FAILED', reason: 'a\uFFFDb' });
  });
});

describe('another server’s agent', () => {
  it('cannot touch a command, by any frame, in or out of the workspace', async () => {
    const intruders = [
      await scene.harness.server(scene.workspace),
      await scene.harness.server(await scene.harness.workspace()),
    ];
    for (const intruder of intruders) {
      for (const state of ['QUEUED', 'DELIVERED', 'RUNNING', 'INTERRUPTED'] as const) {
        const id = await copy(state);
        const before = await scene.harness.row(id);
        const data = Buffer.from('x').toString('base64');
        const frames: AgentFrame[] = [
          received(id),
          started(id),
          ended(id, {}, intruder),
          { refused: { commandId: id, problem: 'BAD_SIGNATURE' } },
          { output: { commandId: id, seq: 1, stream: 'STDOUT', offset: 0, data } },
          { outputGap: { commandId: id, fromSeq: 1, toSeq: 2, bytes: 5 } },
        ];
        for (const frame of frames) {
          expect(await scene.harness.publish(intruder, [frame])).toMatchObject([{ index: 0, code: 'UNKNOWN_COMMAND' }]);
        }
        expect(await scene.harness.row(id)).toEqual(before);
        expect(await scene.harness.changesOf(id)).toEqual([]);
        expect(await scene.harness.sql('select 1 from command_output where command_id = $1', [id])).toEqual([]);
        expect(await scene.harness.sql('select 1 from audit_entries where target_id = $1', [id])).toEqual([]);
      }
    }
  });
});

const records = (id: string) =>
  scene.harness.sql<{ action: string; detail: string }>(
    'select action, detail from audit_entries where target_id = $1',
    [id],
  );

describe('a command that the host’s policy refuses', () => {
  it('is on record as vetoed, once however often it is told, and without the agent’s own words', async () => {
    const id = await copy('DELIVERED');
    const vetoed = ended(id, { state: 'VETOED', reason: 'a word of the agent’s own' });
    for (let time = 0; time < 3; time += 1) expect(await scene.harness.publish(scene.server, [vetoed])).toEqual([]);
    const entries = await records(id);
    expect(entries.map(({ action }) => action)).toEqual(['command-vetoed']);
    expect(JSON.parse(entries[0]!.detail)).toMatchObject({ serverId: scene.server.serverId });
    expect(entries[0]!.detail).not.toContain('own');
  });

  it('is the only one of which a result puts something on record', async () => {
    for (const state of FINAL_STATES.filter((other) => other !== 'VETOED')) {
      const id = await copy('RUNNING');
      await scene.harness.publish(scene.server, [ended(id, { state })]);
      expect(await records(id), state).toEqual([]);
    }
  });
});

describe('an agent that refuses an instruction', () => {
  const refused = (commandId: string, problem: string): AgentFrame => ({ refused: { commandId, problem } });

  it('vetoes the command, on record once however often it says so', async () => {
    const id = await copy('QUEUED');
    for (let time = 0; time < 3; time += 1) await scene.harness.publish(scene.server, [refused(id, 'BAD_SIGNATURE')]);
    expect(await scene.harness.row(id)).toMatchObject({
      state: 'VETOED',
      outcome: 'KNOWN',
      reason: 'The agent refused the instruction: BAD_SIGNATURE',
    });
    const entries = await records(id);
    expect(entries).toHaveLength(1);
    expect(entries[0]!.action).toBe('instruction-refused');
    expect(JSON.parse(entries[0]!.detail)).toMatchObject({ serverId: scene.server.serverId, problem: 'BAD_SIGNATURE' });
  });

  it('refuses a cancel on record once, and the command stays', async () => {
    const id = await copy('DELIVERED');
    await scene.harness.feature.commands.cancel(scene.ctx, id);
    const [cancel] = await scene.harness.sql<{ id: string }>('select id from instructions where command_id = $1', [id]);
    for (let time = 0; time < 2; time += 1) {
      expect(await scene.harness.publish(scene.server, [refused(cancel!.id, 'BAD_SIGNATURE')])).toEqual([]);
    }
    expect(await records(cancel!.id)).toHaveLength(1);
    expect(await scene.harness.row(id)).toMatchObject({ state: 'DELIVERED' });
  });

  it.each(['NO_HANDSHAKE', 'NO_SPACE', 'QUEUE_FULL'])(
    'is sent it again when the problem passes: %s',
    async (problem) => {
      const id = await copy('QUEUED');
      expect(await scene.harness.publish(scene.server, [refused(id, problem)])).toEqual([]);
      expect(await scene.harness.row(id)).toMatchObject({ state: 'QUEUED', revision: 1 });
      expect(await records(id)).toEqual([]);
    },
  );
});
