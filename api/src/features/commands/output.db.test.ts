import { OUTPUT_LIMITS, type AgentFrame } from '@pilothouse/protocol';
import { describe, expect, it } from 'vitest';
import { CommandOutputFeed } from './command-output.feed.js';
import { KEPT_PIECES, OutputRepository } from './output.repository.js';
import { useCommandsScene } from './testing/commands.scene.js';

const { keptHeadBytes, keptTailBytes, maxFrameBytes } = OUTPUT_LIMITS;

const scene = useCommandsScene();

const running = () => scene.harness.copy(scene.model.id, { state: 'RUNNING', sent_at: new Date(), sent_counter: 1 });

function piece(
  commandId: string,
  seq: number,
  data: Buffer | string,
  stream: 'STDOUT' | 'STDERR' = 'STDOUT',
): AgentFrame {
  return { output: { commandId, seq, stream, offset: 0, data: Buffer.from(data).toString('base64') } };
}
const gap = (commandId: string, fromSeq: number, toSeq: number, bytes: number): AgentFrame => ({
  outputGap: { commandId, fromSeq, toSeq, bytes },
});
const publish = (...frames: AgentFrame[]) => scene.harness.publish(scene.server, frames);

function end(commandId: string, lastOutputSeq: number): AgentFrame {
  const { envelope: bytes, envelopeKeyId: keyId, envelopeSignature: signature } = scene.model;
  return scene.harness.result(
    scene.server,
    { id: commandId, envelope: { bytes, keyId, signature } },
    { lastOutputSeq },
  );
}

interface Streamed {
  seq: number;
  stream: string | null;
  data: string;
  missingBytes: number;
  end: boolean;
}

/** What a viewer is sent, as over the wire; ends with the output. */
async function* view(commandId: string, afterSeq?: number): AsyncGenerator<Streamed, void> {
  const events = scene.harness.follow(
    scene.ctx,
    `subscription ($id: ID!, $afterSeq: SafeInt) {
       commandOutput(commandId: $id, afterSeq: $afterSeq) { seq stream data missingBytes end } }`,
    { id: commandId, ...(afterSeq !== undefined && { afterSeq }) },
  );
  for await (const { data, code } of events) {
    if (code) throw new Error(code);
    yield data.commandOutput;
  }
}

async function viewAll(commandId: string, afterSeq?: number): Promise<Streamed[]> {
  const items: Streamed[] = [];
  for await (const item of view(commandId, afterSeq)) items.push(item);
  return items;
}

const bytesOf = (items: readonly Streamed[]) => Buffer.concat(items.map(({ data }) => Buffer.from(data, 'base64')));
const total = (items: readonly Streamed[], name: 'missingBytes') => items.reduce((sum, item) => sum + item[name], 0);
const stored = (id: string) =>
  scene.harness.sql<{ seq: string; stream: string; position: string; bytes: number }>(
    'select seq, stream, position, octet_length(data) as bytes from command_output where command_id = $1 order by seq',
    [id],
  );

describe('recorded output', () => {
  it('has positions over both streams, and sizes of each', async () => {
    const id = await running();
    await publish(piece(id, 1, 'abc'), piece(id, 2, 'de', 'STDERR'), piece(id, 3, 'f'));
    expect((await stored(id)).map(({ seq, stream, position }) => [seq, stream, position])).toEqual([
      ['1', 'STDOUT', '0'],
      ['2', 'STDERR', '3'],
      ['3', 'STDOUT', '5'],
    ]);
    expect(await scene.harness.row(id)).toMatchObject({
      stdoutBytes: 4,
      stderrBytes: 2,
      outputLastSeq: 3,
      outputPosition: 6,
    });
  });

  it('ignores what it has, within a publish and between two', async () => {
    const id = await running();
    await publish(piece(id, 1, 'abc'), piece(id, 1, 'xyz'), piece(id, 2, 'd'));
    const before = await stored(id);
    expect(await publish(piece(id, 2, 'yyyy'), piece(id, 1, 'zzzz'), gap(id, 1, 2, 99))).toEqual([]);
    expect(await stored(id)).toEqual(before);
    expect(await scene.harness.row(id)).toMatchObject({ stdoutBytes: 4, outputLastSeq: 2, outputPosition: 4 });
  });

  it('keeps the bytes as they were, whatever they are', async () => {
    const id = await running();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    await publish(piece(id, 1, bytes), end(id, 1));
    expect(bytesOf(await viewAll(id))).toEqual(bytes);
  });

  it('shows a gap as bytes that are missing before the next piece', async () => {
    const id = await running();
    await publish(piece(id, 1, 'abc'), gap(id, 2, 6, 1000), piece(id, 7, 'def'), end(id, 7));
    expect((await viewAll(id)).map(({ seq, missingBytes, end: over }) => [seq, missingBytes, over])).toEqual([
      [1, 0, false],
      [7, 1000, false],
      [7, 0, true],
    ]);
  });

  it('shows a gap at the very end with the end', async () => {
    const id = await running();
    await publish(piece(id, 1, 'abc'), gap(id, 2, 6, 1000), end(id, 6));
    expect((await viewAll(id)).at(-1)).toMatchObject({ seq: 6, missingBytes: 1000, end: true });
  });

  it('stays readable when an agent claims to have dropped more bytes than numbers can count', async () => {
    const id = await running();
    for (let seq = 1; seq <= 8; seq += 2) {
      expect(await publish(gap(id, seq, seq, Number.MAX_SAFE_INTEGER), piece(id, seq + 1, 'x'))).toEqual([]);
    }
    await publish(end(id, 8));
    expect(bytesOf(await viewAll(id)).toString()).toBe('xxxx');
    const page = await scene.harness.feature.commands.list(scene.ctx, {}, { first: 50, after: null });
    expect(page.items.map((command) => command.id)).toContain(id);
  });
});

describe('what is kept', () => {
  const frame = Buffer.alloc(maxFrameBytes, 'x');
  const wholeBytes = keptHeadBytes + keptTailBytes;
  const wholePieces = wholeBytes / maxFrameBytes;

  async function filled(pieces: number): Promise<string> {
    const id = await running();
    for (let seq = 1; seq <= pieces; seq += 16) {
      const batch = Array.from({ length: Math.min(16, pieces - seq + 1) }, (_, index) => piece(id, seq + index, frame));
      await publish(...batch);
    }
    return id;
  }

  it('is everything up to 1 MiB and 4 MiB together, and the first piece between them goes with the next byte', async () => {
    const id = await filled(wholePieces);
    expect(await stored(id)).toHaveLength(wholePieces);
    await publish(piece(id, wholePieces + 1, 'y'));
    // The tail of 4 MiB now begins inside the piece after the head: it is still needed.
    expect(await stored(id)).toHaveLength(wholePieces + 1);
    await publish(piece(id, wholePieces + 2, Buffer.alloc(maxFrameBytes - 2, 'y')));
    expect(await stored(id)).toHaveLength(wholePieces + 2);
    await publish(piece(id, wholePieces + 3, 'z'));
    const seqs = (await stored(id)).map(({ seq }) => Number(seq));
    expect(seqs).not.toContain(keptHeadBytes / maxFrameBytes + 1);
    expect(seqs).toContain(keptHeadBytes / maxFrameBytes);
    expect(seqs).toContain(keptHeadBytes / maxFrameBytes + 2);
  });

  it('is the first 1 MiB and the last 4 MiB of more, and viewers are told how much is not there', async () => {
    const dropped = 5;
    const id = await filled(wholePieces + dropped);
    const rows = await stored(id);
    expect(rows).toHaveLength(wholePieces);
    const bytes = (side: (position: number) => boolean) =>
      rows.filter(({ position }) => side(Number(position))).reduce((sum, row) => sum + row.bytes, 0);
    expect(bytes((position) => position < keptHeadBytes)).toBe(keptHeadBytes);
    expect(bytes((position) => position >= keptHeadBytes)).toBe(keptTailBytes);
    await publish(end(id, wholePieces + dropped));
    const items = await viewAll(id);
    expect(total(items, 'missingBytes')).toBe(dropped * maxFrameBytes);
    expect(items.filter(({ missingBytes }) => missingBytes > 0).map(({ seq }) => seq)).toEqual([
      keptHeadBytes / maxFrameBytes + dropped + 1,
    ]);
    // A viewer that had seen a piece which is no longer kept is told of a loss, and gets all that is kept after it.
    const resumed = await viewAll(id, keptHeadBytes / maxFrameBytes + 2);
    expect(bytesOf(resumed)).toHaveLength(keptTailBytes);
    expect(total(resumed, 'missingBytes')).toBe(dropped * maxFrameBytes);
  });

  it('is no more than so many pieces, however little is in each', async () => {
    const id = await running();
    const pieces = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => piece(id, from + index, index % 2 === 0 ? '' : 'x'));
    const most = KEPT_PIECES.head + KEPT_PIECES.tail;
    await publish(...pieces(1, most));
    expect(await stored(id)).toHaveLength(most);
    await publish(...pieces(most + 1, most + 3));
    const seqs = (await stored(id)).map(({ seq }) => Number(seq));
    expect(seqs).toHaveLength(most);
    expect(seqs.slice(KEPT_PIECES.head - 1, KEPT_PIECES.head + 1)).toEqual([KEPT_PIECES.head, KEPT_PIECES.head + 4]);
  });
});

describe('what is read in one go', () => {
  it('is no more than the largest piece holds, and always a piece: a viewer that does not read holds no more', async () => {
    const id = await running();
    const half = maxFrameBytes / 2;
    const sizes = [half, half, 1, maxFrameBytes, half, half, 0, 1];
    await publish(...sizes.map((bytes, index) => piece(id, index + 1, Buffer.alloc(bytes, 'x'))));
    const output = new OutputRepository();
    const goes: number[] = [];
    for (let after = 0; after < sizes.length;) {
      const read = await scene.harness.database.read(scene.ctx, (tx) => output.readAfter(tx, id, after));
      goes.push(read.length);
      after = read.at(-1)!.seq;
    }
    expect(goes).toEqual([2, 1, 1, 3, 1]);
  });
});

describe('a viewer', () => {
  it('gets the same bytes wherever it is cut and resumes', async () => {
    const id = await running();
    const frames: AgentFrame[] = [];
    let seq = 0;
    for (let index = 0; index < 60; index += 1) {
      if (index % 13 === 7) {
        frames.push(gap(id, seq + 1, seq + 3, index * 10));
        seq += 3;
      }
      seq += 1;
      frames.push(piece(id, seq, Buffer.alloc((index * 37) % 101, index), index % 3 === 0 ? 'STDERR' : 'STDOUT'));
    }
    await publish(...frames, end(id, seq));
    const whole = await viewAll(id);
    for (const [index, { seq: cut }] of whole.entries()) {
      const head = whole.slice(0, index + 1);
      const tail = await viewAll(id, cut);
      expect(Buffer.concat([bytesOf(head.filter((item) => !item.end)), bytesOf(tail)])).toEqual(bytesOf(whole));
      if (!whole[index]!.end) {
        expect(total(head, 'missingBytes') + total(tail, 'missingBytes')).toBe(total(whole, 'missingBytes'));
      }
      expect(tail.at(-1)).toMatchObject({ end: true });
    }
  });

  it('is woken by the bus, long before it would ask by itself', async () => {
    const id = await running();
    const items = view(id);
    for (let seq = 1; seq <= 20; seq += 1) {
      const next = items.next();
      await publish(piece(id, seq, `line ${seq}`));
      expect((await next).value).toMatchObject({ seq });
    }
    await publish(end(id, 20));
    expect((await items.next()).value).toMatchObject({ end: true });
    expect(await items.next()).toMatchObject({ done: true });
  });

  it('on another replica, whose bus hears nothing, gets all of it by asking', async () => {
    const replica = await scene.harness.replica();
    const id = await running();
    const feed = new CommandOutputFeed({ ...replica, output: new OutputRepository() });
    const items = await feed.follow(scene.ctx, { commandId: id, afterSeq: 0 });
    const seen: (number | 'end')[] = [];
    await publish(piece(id, 1, 'a'));
    for await (const item of items) {
      seen.push(item.end ? 'end' : item.seq);
      if (item.seq === 1) await publish(piece(id, 2, 'b'));
      if (item.seq === 2 && !item.end) await publish(end(id, 2));
    }
    expect(seen).toEqual([1, 2, 'end']);
    await replica.stop();
  });

  it('is not told the end before the last piece, though the result came first', async () => {
    const id = await running();
    await publish(piece(id, 1, 'a'), end(id, 3));
    const items = view(id);
    expect((await items.next()).value).toMatchObject({ seq: 1 });
    const second = items.next();
    await publish(piece(id, 2, 'b'));
    expect((await second).value).toMatchObject({ seq: 2, end: false });
    const third = items.next();
    await publish(piece(id, 3, 'c'));
    expect((await third).value).toMatchObject({ seq: 3, end: false });
    expect((await items.next()).value).toMatchObject({ seq: 3, end: true });
  });

  it('is told the end of a command without output, and of one that was taken back', async () => {
    const silent = await running();
    await publish(end(silent, 0));
    expect(await viewAll(silent)).toEqual([{ seq: 0, stream: null, data: '', missingBytes: 0, end: true }]);
    const withdrawn = (await scene.harness.queue(scene.ctx, await scene.harness.server(scene.workspace))).id;
    const items = view(withdrawn);
    const next = items.next();
    await scene.harness.feature.commands.cancel(scene.ctx, withdrawn);
    expect((await next).value).toMatchObject({ end: true });
  });

  it('leaves nothing on the bus when it goes', async () => {
    const id = await running();
    const items = view(id);
    const next = items.next();
    await publish(piece(id, 1, 'a'));
    await next;
    await items.return(undefined);
    const listeners = (scene.harness.bus as unknown as { listeners: Map<string, unknown> }).listeners;
    expect([...listeners.keys()]).not.toContain(`output:${id}`);
  });

  it('of another workspace sees nothing: a foreign id is like an unknown one', async () => {
    const id = await running();
    const stranger = await scene.harness.member(await scene.harness.workspace(), 'OWNER');
    for (const commandId of [id, '00000000-0000-7000-8000-000000000000', 'no-id']) {
      const answers = scene.harness.follow(
        stranger,
        'subscription ($id: ID!) { commandOutput(commandId: $id) { seq } }',
        {
          id: commandId,
        },
      );
      expect((await answers.next()).value).toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('may not resume before the beginning', async () => {
    const id = await running();
    await expect(viewAll(id, -1)).rejects.toThrow('BAD_USER_INPUT');
  });
});
