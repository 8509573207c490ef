import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes creations, renames and removals in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file as a whole: after a crash at any moment its old content or its new one is there, never a mixture, and
 * once the promise resolves it is the new one. Leaves `<path>.part` behind when the process dies half-way.
 */
export async function writeFileDurably(path: string, data: Uint8Array | string, mode = 0o600): Promise<void> {
  const part = `${path}.part`;
  const handle = await open(part, 'w', mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, path);
  await syncDirectory(dirname(path));
}

/** The text of a file; null where there is none. */
export async function readIfPresent(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
