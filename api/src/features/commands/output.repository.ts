import { OUTPUT_LIMITS, type OutputFrame, type OutputGapFrame } from '@pilothouse/protocol';
import { allAnswered, queryPrepared, type Transaction } from '../../kernel/database/index.js';
import { rowsOfUpdate } from './command.repository.js';

/** What an agent sent of one command's output, in order: pieces, and gaps where its spool was full. */
export type OutputItem = { piece: OutputFrame } | { gap: OutputGapFrame };

/** What one server has sent of the output of one command. */
export interface CommandOutput {
  serverId: string;
  commandId: string;
  items: readonly OutputItem[];
}

/** A piece as viewers get it. A jump of `position` against the piece before is output that was not kept. */
export interface OutputPiece {
  seq: number;
  stream: 'STDOUT' | 'STDERR';
  position: number;
  data: Buffer;
  recordedAt: Date;
}

/** How far a command's output has come. */
export interface OutputProgress {
  lastSeq: number;
  position: number;
  /** Last piece there will be; null while the command may still write. */
  expectedSeq: number | null;
}

/**
 * What is kept of the beginning and of the end, counted in pieces: a row of the table costs its room however little is
 * in it, and an agent may send pieces of a byte, or of none, for as long as it likes.
 */
export const KEPT_PIECES = { head: 4096, tail: 32_768 } as const;

/** What a viewer is given of in one go; a single piece is never more. */
const READ_AT_ONCE = { pieces: 64, bytes: OUTPUT_LIMITS.maxFrameBytes };

/** Far beyond any output, and safe to add pieces to. */
const MAX_POSITION = 2 ** 52;

export class OutputRepository {
  /**
   * Records pieces that are new and forgets what lies between the kept head and the kept tail. Repeated pieces change
   * nothing.
   * @returns the commands there are, with their server: of those that are another server's nothing was recorded.
   */
  async record(tx: Transaction, outputs: readonly CommandOutput[], at: Date): Promise<Map<string, string>> {
    const rows = await this.lockCommands(tx, outputs);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const placed = outputs.flatMap(({ serverId, commandId, items }) => {
      const row = byId.get(commandId);
      if (row?.server_id !== serverId) return [];
      const start = { lastSeq: Number(row.output_last_seq), position: Number(row.output_position) };
      return [{ commandId, workspaceId: row.workspace_id, ...place(items, start) }];
    });
    if (placed.length > 0) {
      await allAnswered([
        this.insertPieces(tx, placed, at),
        this.noteProgress(tx, placed),
        ...placed.map((output) => this.forgetMiddle(tx, output)),
      ]);
    }
    return new Map(rows.map(({ id, server_id }) => [id, server_id]));
  }

  /** In the order of ids, so that two transactions never wait for each other. */
  private lockCommands(tx: Transaction, outputs: readonly CommandOutput[]): Promise<CommandRow[]> {
    return queryPrepared<CommandRow>(
      tx.manager,
      `select c.id, c.server_id, c.workspace_id, c.output_last_seq, c.output_position
         from commands c join unnest($1::uuid[], $2::uuid[]) as o(id, server_id) on c.id = o.id and c.server_id = o.server_id
        order by c.id for no key update of c`,
      [outputs.map(({ commandId }) => commandId), outputs.map(({ serverId }) => serverId)],
    );
  }

  private async insertPieces(tx: Transaction, placed: readonly PlacedOutput[], at: Date): Promise<void> {
    const rows = placed.flatMap(({ workspaceId, commandId, pieces }) =>
      pieces.map((piece) => ({ workspaceId, commandId, ...piece })),
    );
    if (rows.length === 0) return;
    await queryPrepared(
      tx.manager,
      `insert into command_output (workspace_id, command_id, seq, stream, position, data, recorded_at)
       select p.workspace_id, p.command_id, p.seq, p.stream, p.position, p.data, $7
         from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::bytea[])
           as p(workspace_id, command_id, seq, stream, position, data)`,
      [
        rows.map(({ workspaceId }) => workspaceId),
        rows.map(({ commandId }) => commandId),
        rows.map(({ seq }) => seq),
        rows.map(({ stream }) => stream),
        rows.map(({ position }) => position),
        rows.map(({ data }) => data),
        at,
      ],
    );
  }

  private async noteProgress(tx: Transaction, placed: readonly PlacedOutput[]): Promise<void> {
    await queryPrepared(
      tx.manager,
      `update commands c set output_last_seq = o.last_seq, output_position = o.position,
              stdout_bytes = c.stdout_bytes + o.stdout_bytes, stderr_bytes = c.stderr_bytes + o.stderr_bytes
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
           as o(id, last_seq, position, stdout_bytes, stderr_bytes)
        where c.id = o.id`,
      [
        placed.map(({ commandId }) => commandId),
        placed.map(({ lastSeq }) => lastSeq),
        placed.map(({ position }) => position),
        placed.map(({ stdoutBytes }) => stdoutBytes),
        placed.map(({ stderrBytes }) => stderrBytes),
      ],
    );
  }

  /** Both conditions name ranges of an index that hold little but what goes: a piece is looked at once. */
  private async forgetMiddle(tx: Transaction, { commandId, position, lastSeq }: PlacedOutput): Promise<void> {
    const beforeTail = position - OUTPUT_LIMITS.keptTailBytes;
    const lastBeforeTail = lastSeq - KEPT_PIECES.tail;
    if (beforeTail <= OUTPUT_LIMITS.keptHeadBytes && lastBeforeTail <= KEPT_PIECES.head) return;
    await queryPrepared(
      tx.manager,
      `delete from command_output
        where command_id = $1
          and (position >= $2 and position < $3 and position + octet_length(data) <= $3 or seq > $4 and seq <= $5)`,
      [commandId, OUTPUT_LIMITS.keptHeadBytes, beforeTail, KEPT_PIECES.head, lastBeforeTail],
    );
  }

  /** The next pieces after `afterSeq`, few at a time: they stay in memory for as long as their reader takes. */
  async readAfter(tx: Transaction, commandId: string, afterSeq: number): Promise<OutputPiece[]> {
    const rows = await queryPrepared<Omit<OutputPiece, 'seq' | 'position'> & { seq: string; position: string }>(
      tx.manager,
      `select seq, stream, position, data, recorded_at as "recordedAt"
         from (select *, sum(octet_length(data)) over (order by seq) as bytes
                 from (select * from command_output where command_id = $1 and seq > $2 order by seq limit $3) as next) as counted
        where bytes <= $4 or bytes = octet_length(data)
        order by seq`,
      [commandId, afterSeq, READ_AT_ONCE.pieces, READ_AT_ONCE.bytes],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq), position: Number(row.position) }));
  }

  /**
   * Bytes of both streams up to the end of a piece; when that piece was not kept, up to the end of the last one before
   * it that was.
   */
  async positionAfter(tx: Transaction, commandId: string, seq: number): Promise<number> {
    const rows: { position: string }[] = await tx.manager.query(
      `select position + octet_length(data) as position from command_output
        where command_id = $1 and seq <= $2 order by seq desc limit 1`,
      [commandId, seq],
    );
    return Number(rows[0]?.position ?? 0);
  }

  async progress(tx: Transaction, commandId: string): Promise<OutputProgress | null> {
    const rows: { output_last_seq: string; output_position: string; output_expected_seq: string | null }[] =
      await tx.manager.query(
        'select output_last_seq, output_position, output_expected_seq from commands where id = $1',
        [commandId],
      );
    const [row] = rows;
    return row
      ? {
          lastSeq: Number(row.output_last_seq),
          position: Number(row.output_position),
          expectedSeq: row.output_expected_seq === null ? null : Number(row.output_expected_seq),
        }
      : null;
  }

  /** Deletes a command's output, for retention. */
  async remove(tx: Transaction, commandIds: readonly string[]): Promise<number> {
    const rows = rowsOfUpdate(
      await tx.manager.query('delete from command_output where command_id = any($1) returning seq', [commandIds]),
    );
    return rows.length;
  }
}

interface CommandRow {
  id: string;
  server_id: string;
  workspace_id: string;
  output_last_seq: string;
  output_position: string;
}

interface PlacedOutput extends Placed {
  commandId: string;
  workspaceId: string;
}

interface Placed {
  pieces: Omit<OutputPiece, 'recordedAt'>[];
  lastSeq: number;
  position: number;
  stdoutBytes: number;
  stderrBytes: number;
}

/** Gives every new piece its position; what is not newer than `start.lastSeq` is dropped as a repetition. */
export function place(items: readonly OutputItem[], start: { lastSeq: number; position: number }): Placed {
  const placed: Placed = { pieces: [], ...start, stdoutBytes: 0, stderrBytes: 0 };
  for (const item of items) {
    if ('gap' in item) {
      if (item.gap.toSeq <= placed.lastSeq) continue;
      placed.lastSeq = item.gap.toSeq;
      // What an agent says it has dropped may be any number; the sum must stay one that can be read again.
      placed.position = Math.max(placed.position, Math.min(placed.position + item.gap.bytes, MAX_POSITION));
      continue;
    }
    const { seq, stream } = item.piece;
    if (seq <= placed.lastSeq) continue;
    const data = Buffer.from(item.piece.data, 'base64');
    placed.pieces.push({ seq, stream, position: placed.position, data });
    placed.lastSeq = seq;
    placed.position += data.length;
    placed[stream === 'STDOUT' ? 'stdoutBytes' : 'stderrBytes'] += data.length;
  }
  return placed;
}
