import { constants } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile } from '../../kernel/file-lock.js';

/** Pilothouse runs on this state directory already; the message says where. */
class AlreadyRunningError extends Error {
  override name = 'AlreadyRunningError';
}

/** Holds a state directory for one supervisor, until the process ends in whatever way. */
export class StateLock {
  private constructor(private readonly file: FileHandle) {}

  /** @throws AlreadyRunningError */
  static async take(stateDir: string): Promise<StateLock> {
    const path = join(stateDir, 'supervisor.lock');
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      if (!(await lockFile(file.fd))) throw await alreadyRunning(stateDir, path);
      const lock = new StateLock(file);
      await lock.describe('starting');
      return lock;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** What a second start says of this one. */
  async describe(address: string): Promise<void> {
    const text = `${address}, process ${process.pid}\n`;
    await this.file.truncate(0);
    await this.file.write(text, 0);
  }

  async release(): Promise<void> {
    await this.file.close();
  }
}

async function alreadyRunning(stateDir: string, path: string): Promise<AlreadyRunningError> {
  const holder = (await readFile(path, 'utf8')).trim();
  return new AlreadyRunningError(
    `Pilothouse already runs on ${stateDir} (${holder}). ` +
      'Stop that one first, or give this one a directory of its own with PILOTHOUSE_STATE_DIR.',
  );
}
