import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { auditAnchorSchema, parseJson, type AuditAnchor } from '@pilothouse/protocol';
import { syncDirectory } from '../../kernel/durable-file.js';
import { isId } from '../../kernel/ids.js';

/** Longer than any line that `append` writes. */
const TAIL_BYTES = 4096;

/**
 * Signed places of audit chains, kept where who can write to the database cannot: one file of JSON lines for each
 * workspace, at most 30 MB a year. A line that a crash has cut off stays as it is; the next begins on a line of its own.
 * Several processes may append to one file.
 */
export class AnchorStore {
  /** `directory` is created when it is first needed, for this account only. */
  constructor(private readonly directory: string) {}

  /** Resolves when the anchor is durable. @throws when it is none. */
  async append(anchor: AuditAnchor): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const file = await open(this.pathOf(anchor.workspaceId), 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const tail = await readTail(file, size);
      const line = JSON.stringify(auditAnchorSchema.parse(anchor));
      await file.appendFile(`${tail === '' || tail.endsWith('\n') ? '' : '\n'}${line}\n`);
      await file.datasync();
      if (size === 0) await syncDirectory(this.directory);
    } finally {
      await file.close();
    }
  }

  async latest(workspaceId: string): Promise<AuditAnchor | null> {
    const file = await this.openExisting(workspaceId);
    if (!file) return null;
    try {
      const lines = (await readTail(file, (await file.stat()).size)).split('\n');
      return lines.map(readAnchor).findLast((anchor) => anchor !== null) ?? null;
    } finally {
      await file.close();
    }
  }

  /** All anchors of a workspace in the order in which they were kept; null for a line that cannot be read as one. */
  async *read(workspaceId: string): AsyncGenerator<AuditAnchor | null, void> {
    const file = await this.openExisting(workspaceId);
    if (!file) return;
    try {
      for await (const line of file.readLines({ autoClose: false })) yield readAnchor(line);
    } finally {
      await file.close();
    }
  }

  private async openExisting(workspaceId: string): Promise<FileHandle | null> {
    try {
      return await open(this.pathOf(workspaceId), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  private pathOf(workspaceId: string): string {
    if (!isId(workspaceId)) throw new Error('The id of a workspace is not one');
    return join(this.directory, `${workspaceId}.jsonl`);
  }
}

async function readTail(file: FileHandle, size: number): Promise<string> {
  const length = Math.min(size, TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}

function readAnchor(line: string): AuditAnchor | null {
  const parsed = auditAnchorSchema.safeParse(parseJson(Buffer.from(line)));
  return parsed.success ? parsed.data : null;
}
