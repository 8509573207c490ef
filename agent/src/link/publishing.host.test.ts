import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { GraphQLError } from 'graphql';
import {
  LinkHarness,
  ListSource,
  outputFrame,
  receivedFrame,
  ScriptedControlPlane,
  TcpProxy,
  type HarnessOptions,
} from '../testing/index.js';

let controlPlane: ScriptedControlPlane;

beforeEach(async () => {
  controlPlane = await ScriptedControlPlane.start();
});
afterEach(() => controlPlane.stop());

async function startLink(options?: HarnessOptions): Promise<LinkHarness> {
  const harness = await LinkHarness.start(controlPlane, options);
  onTestFinished(() => harness.stop());
  return harness;
}

async function committed(count: number): Promise<void> {
  while (controlPlane.frames.length < count) await controlPlane.published.take();
}

describe('publishing over a real connection', () => {
  it('delivers what waited while it was offline, in order, one mutation at a time', async () => {
    const frames = Array.from({ length: 1000 }, (_, index) => receivedFrame(index));
    await startLink({ sources: [new ListSource('control', frames)] });
    await committed(1000);
    expect(controlPlane.frames).toEqual(frames);
    expect(controlPlane.mostConcurrentPublishes).toBe(1);
    expect(Math.max(...controlPlane.publishes.map((batch) => batch.length))).toBe(256);
  });

  it('loses nothing when the connection is cut in the middle of a mutation', async () => {
    const proxy = await TcpProxy.start(controlPlane.url);
    onTestFinished(() => proxy.stop());
    const frames = Array.from({ length: 50 }, (_, index) => outputFrame(index + 1, 20_000));
    let cuts = 0;
    controlPlane.faults.onPublish = () => {
      if (cuts++ < 3) proxy.cut();
      return { refused: [] };
    };
    const source = new ListSource('stream', frames);
    const harness = await startLink({ url: proxy.url, sources: [source] });
    const seqs = () => controlPlane.frames.map((frame) => ('output' in frame ? frame.output.seq : 0));
    while (new Set(seqs()).size < 50) await controlPlane.published.take();
    await harness.link.stop(2000);
    expect(source.frames).toEqual([]);
    expect([...new Set(seqs())]).toEqual(frames.map((_, index) => index + 1));
    expect(seqs().length).toBeGreaterThan(50);
    expect(harness.states.filter((state) => state === 'ONLINE').length).toBeGreaterThanOrEqual(4);
  });

  it('cuts a connection on which a mutation is not answered in time, and sends it again', async () => {
    controlPlane.faults.onPublish = () => new Promise(() => {});
    const source = new ListSource('control', [receivedFrame(1)]);
    const harness = await startLink({
      sources: [source],
      limits: { silenceTimeoutMs: 5000, heartbeatIntervalMs: 100 },
    });
    expect(await harness.failure()).toBe('The control plane did not confirm what was published');
    delete controlPlane.faults.onPublish;
    await committed(1);
    expect(controlPlane.frames).toEqual([receivedFrame(1)]);
  });

  it('backs off and sends again when the control plane cannot commit', async () => {
    controlPlane.faults.onPublish = () => {
      throw new GraphQLError('The database is away', { extensions: { code: 'UNAVAILABLE' } });
    };
    const harness = await startLink({ sources: [new ListSource('control', [receivedFrame(1)])] });
    expect(await harness.failure()).toBe('Publishing failed: The database is away');
    delete controlPlane.faults.onPublish;
    await committed(1);
  });

  it('drops only the frame that cannot be read', async () => {
    controlPlane.faults.onPublish = (frames) => {
      if (JSON.stringify(frames).includes('000000000002')) {
        throw new GraphQLError('Not a frame', { extensions: { code: 'BAD_USER_INPUT' } });
      }
      return { refused: [] };
    };
    const harness = await startLink({ sources: [new ListSource('control', [1, 2, 3].map(receivedFrame))] });
    await committed(2);
    expect(controlPlane.frames).toEqual([1, 3].map(receivedFrame));
    expect(harness.states).toEqual(['CONNECTING', 'HANDSHAKING', 'ONLINE']);
  });

  it('gives what is left to the control plane before it stops', async () => {
    const source = new ListSource('control');
    const harness = await startLink({ sources: [source] });
    await harness.reached('ONLINE');
    source.add(receivedFrame(1));
    await harness.link.stop(2000);
    expect(controlPlane.frames).toEqual([receivedFrame(1)]);
  });
});
