import { createHash } from 'node:crypto';
import { allPages } from '../../kernel/all-pages.js';
import type { Session } from '../../kernel/session.js';
import { CommandHistory } from '../commands/commands.operations.js';
import { followOutput } from '../commands/output-stream.js';
import { serverNames } from '../servers/find-server.js';
import type { CollectedOutput, RunResult } from './group-results.js';

/** Outputs that are read at once, over one connection. */
const READ_AT_ONCE = 16;
/** What is held of each stream of each server; the digest is of everything. */
const HELD_BYTES = 16 * 1024;

const NO_OUTPUT: CollectedOutput = { stdout: '', stderr: '', digest: '', isCut: false };

/** The results of a run's commands that have ended, with what they wrote. */
export async function collectResults(
  session: Session,
  runId: string,
  { withOutput = true } = {},
): Promise<RunResult[]> {
  const commands = await allPages(
    async (page) => (await session.ask(CommandHistory, { filter: { runId }, ...page })).commandHistory,
  );
  const names = await serverNames(
    session,
    commands.map(({ serverId }) => serverId),
  );
  const results: RunResult[] = [];
  const waiting = commands.values();
  const readSome = async () => {
    for (const { id, serverId, state, exitCode, durationMs, reason, stdoutBytes, stderrBytes } of waiting) {
      const hasOutput = withOutput && stdoutBytes + stderrBytes > 0;
      results.push({
        commandId: id,
        serverId,
        serverName: names.get(serverId) ?? serverId,
        state,
        exitCode: exitCode ?? null,
        durationMs: durationMs ?? null,
        reason: reason ?? null,
        output: hasOutput ? await collectOutput(session, id) : NO_OUTPUT,
      });
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, readSome));
  return results;
}

async function collectOutput(session: Session, commandId: string): Promise<CollectedOutput> {
  const streams = { STDOUT: new HeldStream(), STDERR: new HeldStream() };
  let missingBytes = 0;
  for await (const item of followOutput(session, commandId)) {
    missingBytes += item.missingBytes;
    if (item.stream != null) streams[item.stream].add(Buffer.from(item.data, 'base64'));
  }
  const { STDOUT: stdout, STDERR: stderr } = streams;
  return {
    stdout: stdout.text(),
    stderr: stderr.text(),
    digest: `${stdout.digest()} ${stderr.digest()} ${missingBytes}`,
    isCut: stdout.isCut || stderr.isCut || missingBytes > 0,
  };
}

class HeldStream {
  isCut = false;
  private readonly hash = createHash('sha256');
  private readonly held: Buffer[] = [];
  private heldBytes = 0;

  add(data: Buffer): void {
    this.hash.update(data);
    const room = HELD_BYTES - this.heldBytes;
    if (data.length > room) this.isCut = true;
    if (room <= 0) return;
    this.held.push(data.subarray(0, room));
    this.heldBytes += Math.min(room, data.length);
  }

  text(): string {
    return Buffer.concat(this.held).toString('utf8');
  }

  digest(): string {
    return this.hash.copy().digest('hex');
  }
}
