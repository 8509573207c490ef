import {
  COMMAND_LIMITS,
  LINK_LIMITS,
  statesBefore,
  type CommandResult,
  type CommandState,
  type StartedFrame,
} from '@pilothouse/protocol';
import { InstructionEntity } from '@pilothouse/db';
import { queryPrepared, type Database, type Transaction } from '../../kernel/database/index.js';
import { IN_ORDER, rowsOfUpdate } from './command.repository.js';

/** What a compare-and-set moved. */
export interface Moved {
  id: string;
  runId: string | null;
  /** Whether other commands of its server wait to be sent. */
  othersWait: boolean;
}

const MOVED = `returning id, run_id as "runId", exists (select from commands other
  where other.server_id = commands.server_id and other.state = 'QUEUED' and not other.held and other.id <> commands.id) as "othersWait"`;

/** The transitions of a command as its agent and the sweep make them; every one a compare-and-set from the protocol's table. */
export class ReportRepository {
  /** Commands of all workspaces whose lease or deadline has lapsed. */
  findOverdue(database: Database, now: Date): Promise<{ workspaceId: string; id: string }[]> {
    return database.lookUp('select workspace_id as "workspaceId", id from overdue_commands($1, $2)', [
      now,
      new Date(now.getTime() - LINK_LIMITS.unreachableGraceMs),
    ]);
  }

  received(tx: Transaction, serverId: string, { id, at }: { id: string; at: Date }): Promise<Moved | null> {
    return this.move(
      tx,
      `update commands set state = 'DELIVERED', delivered_at = $3, revision = revision + 1
        where id = $1 and server_id = $2 and state = any($4) ${MOVED}`,
      [id, serverId, at, statesBefore('received', 'DELIVERED')],
    );
  }

  started(tx: Transaction, serverId: string, { frame, at }: { frame: StartedFrame; at: Date }): Promise<Moved | null> {
    const graceMs = COMMAND_LIMITS.killGraceMs + LINK_LIMITS.unreachableGraceMs;
    return this.move(
      tx,
      `update commands set state = 'RUNNING', delivered_at = coalesce(delivered_at, $3), started_at = $3, unit = $5, boot_id = $6,
              deadline_at = $3 + ((limits->>'timeoutMs')::bigint + $7) * interval '1 ms', revision = revision + 1
        where id = $1 and server_id = $2 and state = any($4) ${MOVED}`,
      [frame.commandId, serverId, at, statesBefore('started', 'RUNNING'), frame.unit, frame.bootId, graceMs],
    );
  }

  finished(
    tx: Transaction,
    serverId: string,
    { result, bytes, signature, at }: { result: CommandResult; bytes: Buffer; signature: Buffer; at: Date },
  ): Promise<Moved | null> {
    return this.move(
      tx,
      `update commands set state = $3, exit_code = $5, signal = $6, reason = $7, outcome = $8, duration_ms = $9, result = $10,
              result_signature = $11, finished_at = $12, output_expected_seq = $13, unreachable_since = null, held = false,
              revision = revision + 1
        where id = $1 and server_id = $2 and state = any($4) and envelope_digest = $14 ${MOVED}`,
      [
        result.commandId,
        serverId,
        result.state,
        statesBefore('result', result.state),
        result.exitCode,
        storable(result.signal),
        storable(result.reason),
        result.outcome,
        result.durationMs,
        bytes,
        signature,
        at,
        result.lastOutputSeq,
        result.envelopeDigest,
      ],
    );
  }

  /** Keeps a result that came after the command was already final by other means; the state stays. */
  late(
    tx: Transaction,
    serverId: string,
    { result, bytes, signature, at }: { result: CommandResult; bytes: Buffer; signature: Buffer; at: Date },
  ): Promise<Moved | null> {
    return this.move(
      tx,
      `update commands set late_result = $4, late_result_signature = $5, late_result_at = $3, output_expected_seq = $7,
              revision = revision + 1
        where id = $1 and server_id = $2 and result is null and late_result is null and envelope_digest = $6
          and state not in ('QUEUED', 'DELIVERED', 'RUNNING') ${MOVED}`,
      [result.commandId, serverId, at, bytes, signature, result.envelopeDigest, result.lastOutputSeq],
    );
  }

  /** An instruction that is not a command has reached the agent's disk. */
  async instructionReceived(tx: Transaction, serverId: string, { id, at }: { id: string; at: Date }): Promise<boolean> {
    const rows = rowsOfUpdate(
      await tx.manager.query(
        'update instructions set received_at = coalesce(received_at, $3) where id = $1 and server_id = $2 returning id',
        [id, serverId, at],
      ),
    );
    return rows.length > 0;
  }

  /** The agent refused the bytes of an instruction that is not a command. @returns whether that is new. */
  async instructionRefused(tx: Transaction, serverId: string, { id, at }: { id: string; at: Date }): Promise<boolean> {
    const rows = rowsOfUpdate(
      await tx.manager.query(
        'update instructions set received_at = $3 where id = $1 and server_id = $2 and received_at is null returning id',
        [id, serverId, at],
      ),
    );
    return rows.length > 0;
  }

  async isInstruction(tx: Transaction, serverId: string, id: string): Promise<boolean> {
    return tx.manager.existsBy(InstructionEntity, { id, serverId });
  }

  /** The command's state, if it is this server's. */
  async stateOf(tx: Transaction, serverId: string, id: string): Promise<CommandState | null> {
    const rows: { state: CommandState }[] = await tx.manager.query(
      'select state from commands where id = $1 and server_id = $2',
      [id, serverId],
    );
    return rows[0]?.state ?? null;
  }

  /** The agent refused the bytes themselves: a row that was altered, or that another key signed. */
  refusedByAgent(
    tx: Transaction,
    serverId: string,
    { id, problem, at }: { id: string; problem: string; at: Date },
  ): Promise<Moved | null> {
    return this.move(
      tx,
      `update commands set state = 'VETOED', reason = $4, outcome = 'KNOWN', finished_at = $3, output_expected_seq = 0, revision = revision + 1
        where id = $1 and server_id = $2 and state = any($5) ${MOVED}`,
      [id, serverId, at, `The agent refused the instruction: ${problem}`, statesBefore('result', 'VETOED')],
    );
  }

  /** Gives an overdue command its final state. */
  expire(tx: Transaction, id: string, now: Date): Promise<Moved | null> {
    return this.move(
      tx,
      `update commands set
              state = case when state = 'QUEUED' and sent_at is null then 'EXPIRED' else 'INTERRUPTED' end,
              outcome = case when state = 'QUEUED' and sent_at is null then 'KNOWN' else 'UNKNOWN' end,
              reason = case when state = 'QUEUED' and sent_at is null then 'It expired before the server was back'
                            when state = 'QUEUED' then 'It was sent, and expired before the agent confirmed it'
                            when state = 'DELIVERED' then 'The agent had it, and did not start or refuse it before it expired'
                            else 'The server was not heard of again before its time ran out' end,
              finished_at = $2, held = false, output_expected_seq = output_last_seq, revision = revision + 1
        where id = $1 and (state = 'QUEUED' and expires_at <= $2
                        or state = 'DELIVERED' and expires_at + $3 * interval '1 ms' <= $2
                        or state = 'RUNNING' and deadline_at <= $2)
        ${MOVED}`,
      [id, now, LINK_LIMITS.unreachableGraceMs],
    );
  }

  /**
   * Ends every open command of a server whose agent is no longer trusted: what was never sent is taken back, the fate of
   * the rest is unknown. Its other instructions are void.
   */
  async endAll(tx: Transaction, serverId: string, { reason, at }: { reason: string; at: Date }): Promise<Moved[]> {
    const ended = rowsOfUpdate<Moved>(
      await tx.manager.query(
        `with locked as (
           select id as locked_id from commands
            where server_id = $1 and state in ('QUEUED', 'DELIVERED', 'RUNNING') ${IN_ORDER})
         update commands set
                state = case when state = 'QUEUED' and sent_at is null then 'CANCELLED' else 'INTERRUPTED' end,
                outcome = case when state = 'QUEUED' and sent_at is null then 'KNOWN' else 'UNKNOWN' end,
                reason = $2, finished_at = $3, held = false, output_expected_seq = output_last_seq, revision = revision + 1
           from locked where id = locked_id ${MOVED}`,
        [serverId, reason, at],
      ),
    );
    await tx.manager.query('update instructions set expires_at = $2 where server_id = $1 and received_at is null', [
      serverId,
      at,
    ]);
    return ended;
  }

  private async move(tx: Transaction, sql: string, parameters: readonly unknown[]): Promise<Moved | null> {
    const [moved] = await queryPrepared<Moved>(tx.manager, sql, parameters);
    return moved ?? null;
  }
}

/** PostgreSQL stores no NUL. The statement itself is kept as it was signed. */
function storable(text: string | null): string | null {
  return text?.replaceAll('\0', '\uFFFD') ?? null;
}
