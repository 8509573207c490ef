import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notFound } from '../../kernel/fault.js';
import { isId } from '../../kernel/ids.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { follow } from '../../kernel/streams/follow.js';
import type { OutputRepository } from './output.repository.js';

/** A piece of output as it is streamed; the last one has `end`. */
export interface StreamedOutput {
  seq: number;
  stream: 'STDOUT' | 'STDERR' | null;
  data: Buffer;
  missingBytes: number;
  end: boolean;
}

/** Output of commands as it is stored. */
export class CommandOutputFeed {
  constructor(private readonly parts: { database: Database; bus: EventBus; output: OutputRepository }) {}

  /**
   * A command's output after `afterSeq`, live until its last piece, then one item with `end`. Pieces that were not kept
   * show in the next item's `missingBytes`; when the piece resumed after is one of them, all bytes since the kept head
   * count as missing, also those the viewer has seen.
   * @throws NOT_FOUND
   */
  async follow(
    ctx: WorkspaceContext,
    { commandId, afterSeq }: { commandId: string; afterSeq: number },
  ): Promise<AsyncIterable<StreamedOutput>> {
    const { database, bus, output } = this.parts;
    const known = isId(commandId) && (await database.read(ctx, (tx) => output.progress(tx, commandId)));
    if (!known) throw notFound('The command');
    let seq = afterSeq;
    let position: number | undefined;
    let over = false;
    return follow<StreamedOutput>({
      bus,
      topic: `output:${commandId}`,
      isOver: () => over,
      read: () =>
        database.read(ctx, async (tx) => {
          if (over) return [];
          const progress = await output.progress(tx, commandId);
          if (!progress) throw notFound('The command');
          let reached = position ?? (await output.positionAfter(tx, commandId, afterSeq));
          const items = (await output.readAfter(tx, commandId, seq)).map((piece): StreamedOutput => {
            const missingBytes = piece.position - reached;
            seq = piece.seq;
            reached = piece.position + piece.data.length;
            return { seq, stream: piece.stream, data: piece.data, missingBytes, end: false };
          });
          position = reached;
          const complete = progress.expectedSeq !== null && progress.lastSeq >= progress.expectedSeq;
          if (items.length > 0 || !complete) return items;
          over = true;
          const missingBytes = Math.max(0, progress.position - reached);
          return [
            { seq: Math.max(seq, progress.lastSeq), stream: null, data: Buffer.alloc(0), missingBytes, end: true },
          ];
        }),
    });
  }
}
