import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JOB_FILES, type ExitRecord } from './runner-job.js';

const RETRY_MS = 1000;

/**
 * Writes the exit record into the room that the agent reserved before the start, so that a command that fills the disk
 * can still be reported.
 */
export async function writeExitRecord(directory: string, record: ExitRecord): Promise<void> {
  const part = join(directory, JOB_FILES.exitReserve);
  const descriptor = openSync(part, 'r+');
  const bytes = Buffer.from(JSON.stringify(record));
  for (;;) {
    try {
      writeSync(descriptor, bytes, 0, bytes.length, 0);
      ftruncateSync(descriptor, bytes.length);
      fsyncSync(descriptor);
      renameSync(part, join(directory, JOB_FILES.exit));
      break;
    } catch {
      // Without a record the command would look lost. The runner stays, visibly alive, until the disk takes it.
      await delay(RETRY_MS);
    }
  }
  closeSync(descriptor);
  syncDirectory(directory);
}

function syncDirectory(path: string): void {
  try {
    const descriptor = openSync(path, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch {
    // The agent has read the record, and removed the directory already.
  }
}
