import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import {
  generateSigningKey,
  openResult,
  type AgentFrame,
  type CommandResult,
  type EnvelopeExpectation,
} from '@pilothouse/protocol';
import type { StopOptions } from '../../../kernel/capability.js';
import type { FrameSource } from '../../../kernel/frame-source.js';
import { OPEN_HOST_POLICY, type HostPolicyReading } from '../../../kernel/host-policy.js';
import { CommandCapability, type CommandCapabilityOptions } from '../command.capability.js';
import { SessionLauncher } from '../launcher/session.launcher.js';
import { InstructionSigner, type CommandWish, type Delivery } from './envelopes.js';

/** What a test may have different from an ordinary host. */
export type HostWish = Partial<Pick<CommandCapabilityOptions, 'launcher' | 'agentUser' | 'maxConcurrent'>> & {
  runnerPath: string;
  stateDirectory?: string;
};

/** One agent's commands on the real machine, with a link that publishes everything and keeps it for the test. */
export class CommandHost {
  readonly signer = new InstructionSigner();
  readonly frames: AgentFrame[] = [];
  /** Opened with the agent's public key, in the order of their arrival. */
  readonly results: CommandResult[] = [];
  readonly warnings: string[] = [];
  policy: HostPolicyReading = { ok: true, policy: OPEN_HOST_POLICY };
  expectation: () => EnvelopeExpectation | null = () => this.signer.expectation();
  stateDirectory!: string;
  capability!: CommandCapability;
  /** False: output is only counted. */
  isKeepingOutput = true;
  outputBytes = 0;
  /** False: the link is down. */
  isLinked = true;
  private readonly identity = { agentId: randomUUID(), serverId: '', signingKey: generateSigningKey() };
  private pumping: Promise<void> | null = null;
  private isAskedAgain = false;
  private watchers = new Set<() => void>();

  private constructor(private readonly wish: HostWish) {}

  static async start(wish: HostWish): Promise<CommandHost> {
    const host = new CommandHost(wish);
    host.stateDirectory = wish.stateDirectory ?? (await mkdtemp(join(tmpdir(), 'ph-commands-')));
    await host.startAgent();
    return host;
  }

  /** A new process of the agent, as it were, on the same state. */
  async startAgent(): Promise<void> {
    const { runnerPath, stateDirectory: _, ...rest } = this.wish;
    this.capability = new CommandCapability({
      stateDirectory: this.stateDirectory,
      identity: { ...this.identity, serverId: this.signer.serverId },
      expectation: () => this.expectation(),
      hostPolicy: { read: () => this.policy },
      launcher: new SessionLauncher({ runnerPath, scratchDirectory: this.stateDirectory }),
      log: { warn: (message) => void this.warnings.push(message) },
      clock: { now: () => new Date() },
      ...rest,
    });
    await this.capability.start();
    for (const source of this.capability.sources) source.onReady(() => this.pump());
    this.capability.connected();
    this.pump();
  }

  /** The end of the agent's process, as it were. */
  async stopAgent(options: StopOptions): Promise<void> {
    await this.capability.stop(options);
    await this.capability.close();
  }

  async run(wish: CommandWish): Promise<CommandResult> {
    return this.resultOf(await this.deliver(this.signer.command(wish)));
  }

  async deliver(delivery: Delivery): Promise<string> {
    await this.capability.accept(delivery);
    return delivery.deliveryId;
  }

  /** Waits for a frame that is there or comes. */
  async frame<T>(find: (frame: AgentFrame) => T | null | undefined | false): Promise<T> {
    for (;;) {
      for (const frame of this.frames) {
        const found = find(frame);
        if (found) return found;
      }
      await this.nextFrames();
    }
  }

  /** The first result of a command that is there or comes. */
  async resultOf(commandId: string): Promise<CommandResult> {
    for (;;) {
      const found = this.results.find((result) => result.commandId === commandId);
      if (found) return found;
      await this.nextFrames();
    }
  }

  started(commandId: string): Promise<true> {
    return this.frame((frame) => ('started' in frame && frame.started.commandId === commandId ? true : null));
  }

  refusals(): string[] {
    return this.frames.flatMap((frame) => ('refused' in frame ? [frame.refused.problem] : []));
  }

  /** Waits until the whole output has been sent, then gives what came of one stream. */
  async outputOf(result: CommandResult, stream: 'STDOUT' | 'STDERR' = 'STDOUT'): Promise<Buffer> {
    const { commandId, lastOutputSeq } = result;
    if (lastOutputSeq > 0) {
      await this.frame((frame) => {
        if ('output' in frame) return frame.output.commandId === commandId && frame.output.seq === lastOutputSeq;
        return (
          'outputGap' in frame && frame.outputGap.commandId === commandId && frame.outputGap.toSeq === lastOutputSeq
        );
      });
    }
    const chunks = this.frames.flatMap((frame) =>
      'output' in frame && frame.output.commandId === commandId && frame.output.stream === stream
        ? [Buffer.from(frame.output.data, 'base64')]
        : [],
    );
    return Buffer.concat(chunks);
  }

  nextFrames(): Promise<void> {
    return new Promise((resolve) => this.watchers.add(resolve));
  }

  /** The link as it publishes: one message in flight, by lanes. */
  pump(): void {
    this.isAskedAgain = true;
    this.pumping ??= this.publish().finally(() => {
      this.pumping = null;
    });
  }

  async stop(options = { cancelRunning: true, reason: 'The test is over' }): Promise<void> {
    await this.stopAgent(options);
    this.isLinked = false;
    await this.pumping;
    // A spare runner that has just been started may still be making its pipes there.
    await rm(this.stateDirectory, { recursive: true, force: true, maxRetries: 5 });
  }

  private async publish(): Promise<void> {
    while (this.isAskedAgain && this.isLinked) {
      this.isAskedAgain = false;
      for (const source of this.capability.sources) if (await this.publishFrom(source)) this.isAskedAgain = true;
    }
  }

  private async publishFrom(source: FrameSource): Promise<boolean> {
    const frames = await source.peek(256 * 1024);
    if (frames.length === 0) return false;
    for (const frame of frames) {
      if ('result' in frame) this.results.push(this.verify(frame.result));
      if ('output' in frame) this.outputBytes += Buffer.byteLength(frame.output.data, 'base64');
      if ('outputGap' in frame) this.outputBytes += frame.outputGap.bytes;
      if (this.isKeepingOutput || !('output' in frame)) this.frames.push(frame);
    }
    await source.advance(frames.length, []);
    for (const resolve of this.watchers) resolve();
    this.watchers.clear();
    return true;
  }

  private verify({ statement, signature }: ResultFrame): CommandResult {
    const agent = { id: this.identity.agentId, publicKey: this.identity.signingKey.publicKey };
    const signed = { bytes: Buffer.from(statement, 'base64'), signature: Buffer.from(signature, 'base64') };
    const result = openResult(signed, agent);
    if (!result) throw new Error('A result’s signature is wrong');
    return result;
  }
}

type ResultFrame = Extract<AgentFrame, { result: unknown }>['result'];
