import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CommandHost } from './testing/command-host.js';
import { argv, sh } from './testing/envelopes.js';
import { bundleRunner, removeBundles } from './testing/runner-bundle.js';

const MIB = 2 ** 20;
let runnerPath: string;
let host: CommandHost;
beforeAll(() => {
  runnerPath = bundleRunner();
});
afterAll(removeBundles);
afterEach(() => host.stop());

describe('output', () => {
  it('written right before the exit is complete, 200 times', async () => {
    host = await CommandHost.start({ runnerPath });
    // 1 MiB at once, then exit: what is still in the pipe then is the command's all the same.
    const script = 'head -c 1048576 /dev/zero | tr "\\0" x; exit 5';
    const sha256 = createHash('sha256').update(Buffer.alloc(MIB, 'x')).digest('hex');
    for (let round = 0; round < 200; round += 1) {
      const result = await host.run({ program: sh(script) });
      expect(result).toMatchObject({ exitCode: 5, stdout: { bytes: MIB, sha256 } });
      expect((await host.outputOf(result)).length).toBe(MIB);
      host.frames.length = 0;
    }
  }, 180_000);

  it('of 200 MB, read as it comes or not at all, grows neither agent nor runner, nor delays another command', async () => {
    host = await CommandHost.start({ runnerPath });
    host.isKeepingOutput = false;
    await host.run({});
    const before = process.memoryUsage.rss();
    const script = 'head -c 200000000 /dev/zero';
    for (const isLinked of [true, false]) {
      host.isLinked = isLinked;
      host.outputBytes = 0;
      const id = await host.deliver(host.signer.command({ program: sh(script) }));
      if (isLinked) expect(await host.run({ program: argv('true') })).toMatchObject({ state: 'SUCCEEDED' });
      while (!isLinked && host.capability.activity().running.length > 0) await new Promise(setImmediate);
      host.isLinked = true;
      host.pump();
      const { stdout } = await host.resultOf(id);
      expect(stdout.bytes).toBe(200_000_000);
      while (host.outputBytes < stdout.bytes) await host.nextFrames();
      expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MIB);
    }
    host.isKeepingOutput = true;
    const memory = await host.run({ program: sh('grep VmHWM /proc/$PPID/status') });
    const peakKib = Number(/\d+/.exec((await host.outputOf(memory)).toString())?.[0]);
    expect(peakKib).toBeGreaterThan(0);
    expect(peakKib).toBeLessThan(128 * 1024);
  }, 120_000);

  it('keeps head and tail of a command that nobody listens to, and says what is missing', async () => {
    host = await CommandHost.start({ runnerPath });
    host.isLinked = false;
    const limits = { keptHeadBytes: 64 * 1024, keptTailBytes: 256 * 1024 };
    const script = 'i=0; while [ $i -lt 100000 ]; do echo "line $i of the output"; i=$((i+1)); done';
    const id = await host.deliver(host.signer.command({ program: sh(script), limits }));
    const directory = join(host.stateDirectory, 'commands', id);
    const isOver = () => readdirSync(directory).includes('exit.json');
    let mostOnDisk = 0;
    while (!isOver()) {
      mostOnDisk = Math.max(mostOnDisk, spoolBytes(directory));
      await new Promise(setImmediate);
    }
    expect(mostOnDisk).toBeLessThan(64 * 1024 + 256 * 1024 + 3 * 64 * 1024 + 100_000);
    host.isLinked = true;
    host.pump();
    const result = await host.resultOf(id);
    const output = (await host.outputOf(result)).toString();
    expect(output.startsWith('line 0 of the output\nline 1 of')).toBe(true);
    expect(output.endsWith('line 99999 of the output\n')).toBe(true);
    const gaps = host.frames.flatMap((frame) => ('outputGap' in frame ? [frame.outputGap] : []));
    expect(gaps).toHaveLength(1);
    expect(output.length + (gaps[0]?.bytes ?? 0)).toBe(result.stdout.bytes);
    expect(output.length).toBeGreaterThanOrEqual(64 * 1024 + 256 * 1024);
  }, 60_000);

  it('is the same after a lost connection, and goes on where the control plane left off after a restart', async () => {
    host = await CommandHost.start({ runnerPath });
    host.isLinked = false;
    const id = await host.deliver(host.signer.command({ program: argv('seq', '1', '60000') }));
    const [, stream] = host.capability.sources;
    while (!readdirSync(join(host.stateDirectory, 'commands', id)).includes('exit.json'))
      await new Promise(setImmediate);
    const first = (await stream?.peek(100_000)) ?? [];
    expect(await stream?.peek(100_000)).toEqual(first);
    await stream?.advance(1, []);
    expect(await stream?.peek(100_000)).toEqual(expect.arrayContaining(first.slice(1)));
    await host.stopAgent({ cancelRunning: false, reason: 'A restart' });
    host.frames.push(...first.slice(0, 1));
    host.isLinked = true;
    await host.startAgent();
    const output = await host.outputOf(await host.resultOf(id));
    const expected = Array.from({ length: 60000 }, (_, index) => `${index + 1}\n`).join('');
    expect(output.toString()).toBe(expected);
  });
});

describe('an envelope', () => {
  it('with any of 2,000 flipped bits is refused and does nothing', async () => {
    host = await CommandHost.start({ runnerPath });
    const effects = join(host.stateDirectory, 'effects');
    const { deliveryId, envelope } = host.signer.command({ program: sh(`echo effect >>${effects}`) });
    const length = envelope.bytes.length + envelope.signature.length;
    for (let flip = 0; flip < 2000; flip += 1) {
      const whole = Buffer.concat([envelope.bytes, envelope.signature]);
      const bit = Math.floor((flip * length * 8) / 2000);
      whole.writeUInt8(whole.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const bytes = whole.subarray(0, envelope.bytes.length);
      const signature = whole.subarray(envelope.bytes.length);
      await host.deliver({ deliveryId, envelope: { ...envelope, bytes, signature } });
    }
    expect(host.capability.activity()).toEqual({ running: [], queued: 0 });
    await host.frame((frame) => 'refused' in frame);
    expect(new Set(host.refusals())).toEqual(new Set(['BAD_SIGNATURE']));
    // The control: unaltered it runs.
    await host.deliver({ deliveryId, envelope });
    await host.resultOf(deliveryId);
    expect(readFileSync(effects, 'utf8')).toBe('effect\n');
  });

  it('for another server, of a stale generation, of an unknown key or with impossible limits is refused', async () => {
    host = await CommandHost.start({ runnerPath });
    const refused = async (delivery: Parameters<CommandHost['deliver']>[0]) => {
      await host.deliver(delivery);
      return host.frame((frame) =>
        'refused' in frame && frame.refused.commandId === delivery.deliveryId ? frame.refused.problem : null,
      );
    };
    const { signer } = host;
    expect(await refused(signer.command({ serverId: '0198f1c2-7f00-7000-8000-000000000001' }))).toBe('OTHER_SERVER');
    expect(await refused(signer.command({ generation: 2 }))).toBe('STALE_GENERATION');
    const good = signer.command({});
    expect(await refused({ ...good, envelope: { ...good.envelope, keyId: '0123456789abcdef' } })).toBe('UNKNOWN_KEY');
    for (const timeoutMs of [-1, 0, 99, 86_400_001, 1e12]) {
      expect(() => signer.command({ limits: { timeoutMs } })).toThrow('timeoutMs');
    }
  });

  it('that is genuine but expired, vetoed or far in the future gets a signed result', async () => {
    host = await CommandHost.start({ runnerPath });
    const at = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();
    expect(await host.run({ expiresAt: at(-1) })).toMatchObject({
      state: 'EXPIRED',
      outcome: 'KNOWN',
      startedAt: null,
    });
    expect(await host.run({ notBefore: at(60_000) })).toMatchObject({ state: 'VETOED' });
    // As far as the agent's idea of the control plane's time may lag.
    expect(await host.run({ notBefore: at(20_000) })).toMatchObject({ state: 'SUCCEEDED' });
    host.policy = { ok: false, problem: 'The host policy has a mistake' };
    expect(await host.run({})).toMatchObject({ state: 'VETOED', reason: 'The host policy has a mistake' });
  });

  it('that expires or falls behind its server’s generation while it waits is not started', async () => {
    host = await CommandHost.start({ runnerPath });
    const limits = { concurrency: 1 };
    const gate = await host.deliver(host.signer.command({ program: argv('sleep', '60'), limits }));
    const stale = await host.deliver(host.signer.command({ limits }));
    host.signer.generation = 2;
    const late = await host.deliver(
      host.signer.command({ limits, expiresAt: new Date(Date.now() + 500).toISOString() }),
    );
    host.expectation = () => host.signer.expectation(new Date(Date.now() + 1000));
    await host.deliver(host.signer.cancel(gate));
    expect(await host.resultOf(stale)).toMatchObject({ state: 'VETOED', startedAt: null });
    expect(await host.resultOf(late)).toMatchObject({ state: 'EXPIRED', startedAt: null });
  });
});

function spoolBytes(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.spool'))
    .reduce((sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
