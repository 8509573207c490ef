import { open, readFile, stat } from 'node:fs/promises';
import { verifyAnchor, type AuditAnchor } from '@pilothouse/protocol';
import { writeFileDurably } from '../kernel/durable-file.js';
import type { Keyring } from './keyring.js';

const DEFAULT_MAX_BYTES = 1024 * 1024;

/**
 * The signed anchors of the workspace's audit chain that this host has seen, one JSON line each: evidence against
 * whoever rewrites the chain in the database. Bounded; the older half makes room.
 */
export class AnchorLog {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly keyring: Keyring,
    private readonly maxBytes = DEFAULT_MAX_BYTES,
  ) {}

  /** Keeps an anchor whose signature is right. @throws when it is not, or the disk refuses. */
  keep(anchor: AuditAnchor): Promise<void> {
    const written = this.last.then(async () => {
      if (!verifyAnchor(anchor, this.keyring.keyset.command)) throw new Error('The audit anchor’s signature is wrong');
      await this.append(`${JSON.stringify(anchor)}\n`);
    });
    this.last = written.catch(() => {
      // Told to the caller; the next anchor is tried all the same.
    });
    return written;
  }

  private async append(line: string): Promise<void> {
    const size = (await stat(this.path).catch(() => null))?.size ?? 0;
    if (size + line.length > this.maxBytes) await this.dropOlderHalf();
    const file = await open(this.path, 'a', 0o600);
    try {
      await file.writeFile(line);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  private async dropOlderHalf(): Promise<void> {
    const text = await readFile(this.path, 'utf8');
    const middle = text.indexOf('\n', text.length / 2) + 1;
    await writeFileDurably(this.path, text.slice(middle), 0o600);
  }
}
