import type { AgentFrame } from '@pilothouse/protocol';
import type { FrameSource } from '../../../kernel/frame-source.js';
import type { CommandDirectory } from '../command-directory.js';
import { SpoolReader, type SpoolItem } from '../spool/spool-reader.js';
import type { SpoolPosition } from '../spool/spool-format.js';

/** One command's way from its spool to the control plane. */
interface Feed {
  commandId: string;
  directory: CommandDirectory;
  reader: SpoolReader;
  /** What the control plane has. */
  sent: SpoolPosition;
  /** Where the output ends, once the command has. */
  end: SpoolPosition | null;
}

interface Offered {
  feed: Feed;
  frame: AgentFrame;
  bytes: number;
  end: SpoolPosition;
}

/**
 * The output of all commands, taken from their spools as the link has room: one piece of each in turn, so that a
 * talkative command does not silence the others. In memory are only the pieces that were last peeked.
 */
export class OutputSource implements FrameSource {
  readonly lane = 'stream';
  private readonly feeds = new Map<string, Feed>();
  private offered: Offered[] = [];
  private turn: Promise<unknown> = Promise.resolve();
  private listener: () => void = () => undefined;

  /** `onDrained` is told when the control plane has all output of an ended command. */
  constructor(private readonly onDrained: (commandId: string) => void) {}

  onReady(listener: () => void): void {
    this.listener = listener;
  }

  /** Begins where the control plane's knowledge ends. */
  follow(commandId: string, directory: CommandDirectory): void {
    if (this.feeds.has(commandId)) return;
    const sent = directory.readProgress();
    const reader = new SpoolReader(directory.path, sent);
    this.feeds.set(commandId, { commandId, directory, reader, sent, end: null });
  }

  /** There may be more to read. */
  changed(): void {
    this.listener();
  }

  /** Now it is known where the command's output ends. */
  async finish(commandId: string, end: SpoolPosition): Promise<void> {
    const feed = this.feeds.get(commandId);
    if (!feed) return;
    feed.end = end;
    await this.inTurn(() => this.settle(feed));
    this.listener();
  }

  isDrained(commandId: string): boolean {
    return !this.feeds.has(commandId);
  }

  peek(maxBytes: number): Promise<readonly AgentFrame[]> {
    return this.inTurn(async () => {
      await this.readMore(maxBytes);
      return this.within(maxBytes);
    });
  }

  advance(count: number): Promise<void> {
    return this.inTurn(async () => {
      const touched = new Set<Feed>();
      for (const { feed, end } of this.offered.splice(0, count)) {
        feed.sent = end;
        touched.add(feed);
      }
      for (const feed of touched) {
        feed.directory.writeProgress(feed.sent);
        await this.settle(feed);
      }
    });
  }

  close(): Promise<void> {
    return this.inTurn(async () => {
      await Promise.all([...this.feeds.values()].map((feed) => feed.reader.close()));
      this.feeds.clear();
    });
  }

  /** A spool is never closed under a read. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async readMore(maxBytes: number): Promise<void> {
    let room = maxBytes - this.offered.reduce((sum, { bytes }) => sum + bytes, 0);
    let waiting = [...this.feeds.values()];
    while (room > 0 && waiting.length > 0) {
      const talking: Feed[] = [];
      for (const feed of waiting) {
        if (room <= 0) break;
        const item = await feed.reader.next(feed.end);
        if (!item) continue;
        const frame = frameOf(feed.commandId, item);
        const bytes = JSON.stringify(frame).length;
        this.offered.push({ feed, frame, bytes, end: item.end });
        room -= bytes;
        talking.push(feed);
      }
      waiting = talking;
    }
  }

  private async settle(feed: Feed): Promise<void> {
    if (!feed.end || feed.sent.seq < feed.end.seq) return;
    this.feeds.delete(feed.commandId);
    await feed.reader.close();
    this.onDrained(feed.commandId);
  }

  /** At least one frame, so that a small allowance cannot stop the stream for ever. */
  private within(maxBytes: number): AgentFrame[] {
    let room = maxBytes;
    const end = this.offered.findIndex(({ bytes }, index) => (room -= bytes) < 0 && index > 0);
    return this.offered.slice(0, end < 0 ? undefined : end).map(({ frame }) => frame);
  }
}

function frameOf(commandId: string, item: SpoolItem): AgentFrame {
  if (item.kind === 'gap') {
    const { fromSeq, toSeq, bytes } = item;
    return { outputGap: { commandId, fromSeq, toSeq, bytes } };
  }
  const { seq, stream, before, data } = item.record;
  const offset = stream === 'STDOUT' ? before.stdoutBytes : before.stderrBytes;
  return { output: { commandId, seq, stream, offset, data: data.toString('base64') } };
}
