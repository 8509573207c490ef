import type { AgentFrame } from '@pilothouse/protocol';
import type { FrameSource } from '../../kernel/frame-source.js';
import { frameBytes, packFrames, telemetryFrame, type Packable } from './frame-packing.js';
import type { RecordLog } from './record-log.js';
import type { Clock, Tick } from './sampler.js';
import { decodeTick, encodeTick, type Uptime } from './telemetry-record.js';

/** A tick in memory. `sequence` is its place in the log, null where the disk did not take it. */
interface Fresh {
  sequence: number | null;
  payload: Buffer;
}

interface FreshItem extends Packable {
  fresh: Fresh;
}

interface LoggedItem extends Packable {
  sequence: number;
}

/** What one frame of the last peek stands for, and what to do once it is dealt with. */
interface Offer {
  frame: AgentFrame;
  settle: () => Promise<void>;
}

export interface TelemetryBufferOptions {
  log: RecordLog;
  clock: Clock;
  uptime: Uptime;
  /** False: nothing is given to the link, however much is waiting. */
  allowed: () => boolean;
}

/** Log bytes that go with one publish, beside the newest tick. */
const BACKLOG_CHUNK_BYTES = 256 * 1024;
/** Ticks kept in memory while the disk takes none: ten minutes. */
const MAX_UNSAVED = 60;

/**
 * What the host has measured and the control plane does not have yet.
 *
 * The newest tick goes first, out of memory; behind it in the same publish goes a chunk of the backlog, oldest first.
 * So live charts stay live while a week of backlog drains, at the pace at which the control plane commits. Delivered at
 * least once: a tick may be sent again after a restart, and the control plane keeps one sample per server and time.
 */
export class TelemetryBuffer implements FrameSource {
  readonly lane = 'telemetry';
  private readonly log: RecordLog;
  /** The newest tick, and all that the disk did not take; oldest first. */
  private fresh: Fresh[] = [];
  /** Sequences at or above the log's head that were delivered out of memory. */
  private readonly delivered = new Set<number>();
  private offers: Offer[] = [];
  private lost = 0;
  private diskTakes = true;
  private listener: () => void = () => undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: TelemetryBufferOptions) {
    this.log = options.log;
  }

  /** Ticks that will never be delivered: the bound, a full disk, damage, or a time that cannot be right. */
  get droppedTicks(): number {
    return this.log.droppedRecords + this.lost;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.log.bytes;
  }

  /** Whether the disk took the last tick. */
  get saving(): boolean {
    return this.diskTakes;
  }

  onReady(listener: () => void): void {
    this.listener = listener;
    this.tellReady();
  }

  /** Keeps a tick. Never fails: what the disk does not take stays in memory for a while. */
  async record(tick: Tick): Promise<void> {
    await this.serially(async () => {
      const payload = encodeTick(tick, this.options.uptime);
      const sequence = await this.log.append(payload);
      this.diskTakes = sequence !== null;
      const unsaved = this.fresh.filter((fresh) => fresh.sequence === null);
      const tooMany = Math.max(0, unsaved.length + 1 - MAX_UNSAVED);
      this.lost += tooMany;
      this.fresh = [...unsaved.slice(tooMany), { sequence, payload }];
    });
    this.tellReady();
  }

  peek(maxBytes: number): Promise<readonly AgentFrame[]> {
    return this.serially(async () => {
      this.offers = this.options.allowed() ? await this.offer(maxBytes) : [];
      return this.offers.map(({ frame }) => frame);
    });
  }

  async advance(count: number): Promise<void> {
    await this.serially(async () => {
      for (const offer of this.offers.splice(0, count)) await offer.settle();
    });
    this.tellReady();
  }

  /** Waits for what is under way and closes the log. */
  close(): Promise<void> {
    return this.serially(() => this.log.close());
  }

  private tellReady(): void {
    if (this.options.allowed() && (this.fresh.length > 0 || this.log.head < this.log.tail)) this.listener();
  }

  private async offer(maxBytes: number): Promise<Offer[]> {
    const newestFirst = this.fresh.slice(-1).concat(this.fresh.slice(0, -1));
    const items = newestFirst.map((fresh) => ({ fresh, ...this.packable(fresh.payload) }));
    const fresh = packFrames(items, maxBytes).filter(isSendable);
    const room = maxBytes - fresh.reduce((sum, group) => sum + frameBytes(group), 0);
    const logged = packFrames(await this.readBacklog(Math.min(room, BACKLOG_CHUNK_BYTES)), room).filter(isSendable);
    return [
      ...fresh.map((group) => ({ frame: frameOf(group), settle: () => this.settleFresh(group) })),
      ...logged.map((group) => ({ frame: frameOf(group), settle: () => this.settleLogged(group) })),
    ];
  }

  /** The log's next records, but those that were or are being delivered out of memory. */
  private async readBacklog(maxBytes: number): Promise<LoggedItem[]> {
    const newest = this.fresh.at(-1)?.sequence ?? this.log.tail;
    for (;;) {
      if (this.log.head >= newest) return [];
      const records = (await this.log.read(this.log.head, maxBytes)).filter(({ sequence }) => sequence < newest);
      const items = records
        .filter(({ sequence }) => !this.delivered.has(sequence))
        .map(({ sequence, payload }) => ({ sequence, ...this.packable(payload) }));
      const last = records.at(-1);
      if (!last || isSendable(items)) return items;
      this.lost += items.length;
      await this.forget(last.sequence + 1);
    }
  }

  private packable(payload: Buffer): Packable {
    return { tick: decodeTick(payload, this.options), bytes: payload.length };
  }

  private async settleFresh(group: readonly FreshItem[]): Promise<void> {
    const settled = group.map(({ fresh }) => fresh);
    this.fresh = this.fresh.filter((fresh) => !settled.includes(fresh));
    for (const { sequence } of settled) if (sequence !== null) this.delivered.add(sequence);
    await this.forget(this.log.head);
  }

  private async settleLogged(group: readonly LoggedItem[]): Promise<void> {
    this.lost += group.filter(({ tick }) => tick === null).length;
    await this.forget(group.at(-1)!.sequence + 1);
  }

  /** Moves the log's head to `sequence` and on over what was delivered out of memory. */
  private async forget(sequence: number): Promise<void> {
    let head = Math.max(this.log.head, sequence);
    while (this.delivered.has(head)) head += 1;
    for (const delivered of this.delivered) if (delivered < head) this.delivered.delete(delivered);
    await this.log.forget(head);
  }

  private serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}

const isSendable = (group: readonly Packable[]) => group.some(({ tick }) => tick !== null);
const frameOf = (group: readonly Packable[]): AgentFrame => ({ telemetry: telemetryFrame(group) });
