import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const KEPT_LINES = 8;

/**
 * A file for what the server says before its own log collector runs. It has no name any more when this returns: the
 * server can outlive us, which would end a pipe, and of two starters each must read its own.
 */
export async function openStartOutput(home: string): Promise<FileHandle> {
  const path = join(home, `start-output-${randomBytes(6).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}

/** The last lines the server said, first in its log and then before it had one. */
export async function lastWords(startOutput: FileHandle, dataDir: string): Promise<string[]> {
  const { buffer, bytesRead } = await startOutput.read({ buffer: Buffer.alloc(16_384), position: 0 });
  return [await newestLog(join(dataDir, 'log')), buffer.toString('utf8', 0, bytesRead)]
    .flatMap((text) => text.trim().split('\n').slice(-KEPT_LINES))
    .filter((line) => line !== '');
}

async function newestLog(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => []); // none yet
  const logs = await Promise.all(
    names.map(async (name) => ({
      path: join(directory, name),
      modifiedMs: (await stat(join(directory, name))).mtimeMs,
    })),
  );
  const newest = logs.sort((a, b) => b.modifiedMs - a.modifiedMs)[0];
  return newest ? await readFile(newest.path, 'utf8') : '';
}
