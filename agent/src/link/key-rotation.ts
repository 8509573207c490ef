import { rm } from 'node:fs/promises';
import {
  exportSigningKey,
  generateSigningKey,
  KEY_ROTATION_SINCE,
  readSigningKey,
  signKeyRotation,
  type AgentFrame,
  type ControlPlaneAck,
  type SigningKey,
} from '@pilothouse/protocol';
import { z } from 'zod';
import { readIfPresent, writeFileDurably } from '../kernel/durable-file.js';
import type { FrameSource } from '../kernel/frame-source.js';
import { describeError, type Log } from '../kernel/log.js';
import { storeIdentity, type Identity } from './identity.js';
import { isKeyDue } from './key-age.js';

const CHECK_MS = 60 * 60 * 1000;

const pendingSchema = z.object({ agentId: z.uuid(), privateKey: z.string() });

export interface KeyRotationOptions {
  /** Gets the new key, in place and on disk, once the control plane has used it. */
  identity: Identity;
  files: { identity: string; pendingKey: string };
  intervalDays: number;
  /** The control plane's time. */
  clock: { now(): Date };
  /** Connects again, with `nextKey`. */
  reconnect: (cause: string) => Promise<void>;
  log: Pick<Log, 'info' | 'warn'>;
}

/**
 * Replaces this agent's key, when it is old and when the control plane asks for it.
 *
 * The new key is on disk before it is announced, and the identity's own only after a handshake that it has signed. Until
 * then both are tried in turns: whichever of them the control plane knows, and wherever either side died, one is good.
 */
export class KeyRotation implements FrameSource {
  readonly lane = 'control';
  private lastTried: SigningKey | null = null;
  private epoch: ControlPlaneAck['epoch'] | null = null;
  private isAnnouncing = false;
  private timer: NodeJS.Timeout | undefined;
  private tell: () => void = () => {};

  private constructor(
    private readonly options: KeyRotationOptions,
    private pending: SigningKey | null,
  ) {}

  /** Finds again the key that a former process was about to take. */
  static async open(options: KeyRotationOptions): Promise<KeyRotation> {
    const { identity, files, log } = options;
    const pending = await readPending(files.pendingKey, identity.agentId);
    if (pending?.publicKey !== identity.signingKey.publicKey) return new KeyRotation(options, pending);
    // It was taken, and the process died before it could say so.
    await rm(files.pendingKey, { force: true });
    log.info('This agent’s key was replaced', { keyId: pending.keyId });
    return new KeyRotation(options, null);
  }

  start(): void {
    this.timer = setInterval(() => void this.rotateIfDue(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The key to sign the next hello with: the pending one first, where there is one, then each in turn. */
  nextKey(): SigningKey {
    const { identity } = this.options;
    const isPendingNext = this.pending !== null && this.lastTried !== this.pending;
    this.lastTried = isPendingNext ? this.pending : identity.signingKey;
    return this.lastTried as SigningKey;
  }

  /** A handshake has succeeded with the key that was given last. */
  async connected({ version, epoch, time, rotateKey }: ControlPlaneAck): Promise<void> {
    this.isAnnouncing = false;
    this.epoch = version < KEY_ROTATION_SINCE ? null : epoch;
    if (this.pending && this.lastTried === this.pending) await this.takePending(this.pending, time);
    if (this.epoch && rotateKey) await this.rotate();
    else await this.rotateIfDue();
  }

  async peek(): Promise<readonly AgentFrame[]> {
    const { pending, epoch } = this;
    if (!this.isAnnouncing || !pending || !epoch) return [];
    const { agentId, serverId, signingKey } = this.options.identity;
    return [{ keyRotation: signKeyRotation(signingKey, pending, { agentId, serverId, epoch }) }];
  }

  /** What was refused is announced again when it is next looked at. */
  async advance(_count: number, refused: readonly AgentFrame[]): Promise<void> {
    this.isAnnouncing = false;
    if (refused.length === 0) await this.options.reconnect('Connecting again with the new key');
  }

  onReady(listener: () => void): void {
    this.tell = listener;
  }

  private async rotateIfDue(): Promise<void> {
    const { identity, intervalDays, clock } = this.options;
    if (!this.epoch || this.isAnnouncing) return;
    if (this.pending || isKeyDue(identity, intervalDays, clock.now())) await this.rotate();
  }

  /** A disk that is full is no reason to be offline: the key there is stays good. */
  private async rotate(): Promise<void> {
    try {
      this.pending ??= await this.makePending();
    } catch (error) {
      this.options.log.warn('A new key could not be stored; it is tried again', { reason: describeError(error) });
      return;
    }
    this.isAnnouncing = true;
    this.tell();
  }

  private async makePending(): Promise<SigningKey> {
    const { identity, files } = this.options;
    const pending = generateSigningKey();
    const file = { agentId: identity.agentId, privateKey: exportSigningKey(pending) };
    await writeFileDurably(files.pendingKey, JSON.stringify(file), 0o600);
    return pending;
  }

  private async takePending(signingKey: SigningKey, keySince: string): Promise<void> {
    const { identity, files, log } = this.options;
    Object.assign(identity, { signingKey, keySince });
    this.pending = null;
    try {
      await storeIdentity(files.identity, identity);
      await rm(files.pendingKey, { force: true });
    } catch (error) {
      // The pending file has the key still: the next process tries it first.
      log.warn('This agent’s new key could not be stored as its own', { reason: describeError(error) });
    }
    log.info('This agent’s key was replaced', { keyId: signingKey.keyId });
  }
}

/** A file that cannot be read, or of a former identity, is worth nothing: no handshake was made with that key. */
async function readPending(path: string, agentId: string): Promise<SigningKey | null> {
  const text = await readIfPresent(path);
  if (text === null) return null;
  try {
    const pending = pendingSchema.parse(JSON.parse(text));
    return pending.agentId === agentId ? readSigningKey(pending.privateKey) : null;
  } catch {
    return null; // never announced: what is announced was whole on disk before
  }
}
