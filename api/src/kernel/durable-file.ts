import { open, readFile, rename, rm } from 'node:fs/promises';

/** Makes creations and renames in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Its content survives a power cut; its name does once the directory is synced. @throws where the file exists */
export async function writeNewFile(path: string, content: Uint8Array | string, mode = 0o600): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whoever reads it finds the old content or the new one, never a mixture. */
export async function replaceFile(path: string, content: Uint8Array | string, mode = 0o600): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await writeNewFile(draft, content, mode);
  await rename(draft, path);
}

/** The text of a file; null where there is none. */
export async function readIfPresent(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
