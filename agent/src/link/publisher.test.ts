import type { AgentFrame } from '@pilothouse/protocol';
import { describe, expect, it } from 'vitest';
import { ListSource, outputFrame, receivedFrame, RecordedLog, telemetryFrame } from '../testing/index.js';
import { PublishError, type PublishReceipt } from './answer.js';
import { Publisher, type PublishTarget } from './publisher.js';

/** Commits everything, or does what a test says; keeps what it was given. */
class Recorder implements PublishTarget {
  readonly batches: (readonly AgentFrame[])[] = [];
  cause: string | null = null;

  constructor(
    private readonly answer: (frames: readonly AgentFrame[]) => Promise<PublishReceipt> = async () => ({ refused: [] }),
  ) {}

  publish(frames: readonly AgentFrame[]): Promise<PublishReceipt> {
    this.batches.push(frames);
    return this.answer(frames);
  }

  cut(cause: string): void {
    this.cause ??= cause;
  }
}

function publisherOf(sources: ListSource[], maxFrames = 256) {
  const log = new RecordedLog();
  return { publisher: new Publisher(sources, maxFrames, log), log };
}

describe('Publisher', () => {
  it('serves control before telemetry before stream, in one mutation', async () => {
    const stream = new ListSource('stream', [outputFrame(1)]);
    const telemetry = new ListSource('telemetry', [telemetryFrame()]);
    const control = new ListSource('control', [receivedFrame(1), receivedFrame(2)]);
    const { publisher } = publisherOf([stream, telemetry, control]);
    const target = new Recorder();
    publisher.use(target);
    await publisher.idle();
    expect(target.batches).toEqual([[receivedFrame(1), receivedFrame(2), telemetryFrame(), outputFrame(1)]]);
    expect([stream, telemetry, control].map(({ frames }) => frames.length)).toEqual([0, 0, 0]);
  });

  it('puts at most the allowed number of frames in a mutation and goes on with the rest', async () => {
    const source = new ListSource('control', [1, 2, 3, 4, 5].map(receivedFrame));
    const { publisher } = publisherOf([source], 2);
    const target = new Recorder();
    publisher.use(target);
    await publisher.idle();
    expect(target.batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
    expect(target.batches.flat()).toEqual([1, 2, 3, 4, 5].map(receivedFrame));
  });

  it('has at most 256 KiB of stream bytes under way, all streams together', async () => {
    const frames = Array.from({ length: 12 }, (_, index) => outputFrame(index + 1, 48 * 1024));
    const { publisher } = publisherOf([new ListSource('stream', frames), new ListSource('stream', frames)]);
    const target = new Recorder();
    publisher.use(target);
    await publisher.idle();
    const sizes = target.batches.map((batch) =>
      batch.reduce((sum, frame) => sum + ('output' in frame ? Buffer.byteLength(frame.output.data, 'base64') : 0), 0),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
    expect(target.batches.flat()).toHaveLength(24);
  });

  it('has one mutation under way, whatever becomes ready meanwhile', async () => {
    let release = () => {};
    const first = new Promise<void>((resolve) => (release = resolve));
    const source = new ListSource('control', [receivedFrame(1)]);
    const { publisher } = publisherOf([source]);
    const target = new Recorder(async () => {
      await first;
      return { refused: [] };
    });
    publisher.use(target);
    for (let number = 2; number < 10; number++) source.add(receivedFrame(number));
    await Promise.resolve();
    expect(target.batches.length).toBeLessThanOrEqual(1);
    release();
    await publisher.idle();
    expect(target.batches.flat()).toHaveLength(9);
  });

  it('forgets nothing that was not confirmed and gives it to the next connection', async () => {
    const source = new ListSource('control', [receivedFrame(1), receivedFrame(2)]);
    const { publisher } = publisherOf([source]);
    const broken = new Recorder(() => Promise.reject(new Error('The connection ended before the answer')));
    publisher.use(broken);
    await publisher.idle();
    expect(source.frames).toHaveLength(2);
    const target = new Recorder();
    publisher.use(target);
    await publisher.idle();
    expect(target.batches).toEqual([[receivedFrame(1), receivedFrame(2)]]);
  });

  it('drops refused frames, says so, and keeps no other back', async () => {
    const source = new ListSource('control', [receivedFrame(1), receivedFrame(2)]);
    const { publisher, log } = publisherOf([source]);
    const target = new Recorder(async () => ({
      refused: [{ index: 0, code: 'NOT_YOURS', message: 'not this server' }],
    }));
    publisher.use(target);
    await publisher.idle();
    expect(source.frames).toEqual([]);
    expect(log.entries).toEqual([
      {
        level: 'error',
        message: 'The control plane refused a frame',
        fields: { kind: 'received', code: 'NOT_YOURS', reason: 'not this server' },
      },
    ]);
  });

  it('finds the one frame that the control plane cannot read and drops only that', async () => {
    const source = new ListSource('control', [1, 2, 3, 4].map(receivedFrame));
    const { publisher, log } = publisherOf([source]);
    const unreadable = JSON.stringify(receivedFrame(3));
    const committed: AgentFrame[] = [];
    const target = new Recorder(async (frames) => {
      if (frames.some((frame) => JSON.stringify(frame) === unreadable)) throw new PublishError('no', 'BAD_USER_INPUT');
      committed.push(...frames);
      return { refused: [] };
    });
    publisher.use(target);
    await publisher.idle();
    expect(committed).toEqual([1, 2, 4].map(receivedFrame));
    expect(log.entries).toHaveLength(1);
    expect(target.cause).toBeNull();
  });

  it('cuts the connection when the control plane cannot commit now', async () => {
    const source = new ListSource('control', [receivedFrame(1)]);
    const { publisher } = publisherOf([source]);
    const target = new Recorder(() => Promise.reject(new PublishError('no database', 'UNAVAILABLE')));
    publisher.use(target);
    await publisher.idle();
    expect(target.cause).toBe('Publishing failed: no database');
    expect(source.frames).toHaveLength(1);
  });

  it('is not held back by a source that cannot be read', async () => {
    const broken = new ListSource('control');
    broken.peek = () => Promise.reject(new Error('EIO'));
    const source = new ListSource('telemetry', [telemetryFrame()]);
    const { publisher, log } = publisherOf([broken, source]);
    const target = new Recorder();
    publisher.use(target);
    await publisher.idle();
    expect(target.batches).toEqual([[telemetryFrame()]]);
    expect(log.entries[0]).toMatchObject({ level: 'error', fields: { lane: 'control', reason: 'EIO' } });
  });

  it('does not send again and again what a source cannot note as sent', async () => {
    const source = new ListSource('telemetry', [telemetryFrame()]);
    source.advance = () => Promise.reject(new Error('ENOSPC'));
    const { publisher } = publisherOf([source]);
    const target = new Recorder();
    publisher.use(target);
    await publisher.idle();
    expect(target.batches).toHaveLength(1);
  });

  it('asks no source for anything while there is no connection', async () => {
    const source = new ListSource('control');
    const { publisher } = publisherOf([source]);
    publisher.use(null);
    for (let number = 0; number < 1000; number++) source.add(receivedFrame(number));
    await publisher.idle();
    expect(source.peeks).toBe(0);
  });
});
