import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const fileIn = (directory: string) => join(directory, 'frozen');

/** From now on the signer of this directory signs nothing, in whatever process it runs. */
export async function freeze(directory: string): Promise<void> {
  await writeFile(fileIn(directory), '', { mode: 0o600 });
}

export async function unfreeze(directory: string): Promise<void> {
  await rm(fileIn(directory), { force: true });
}

export async function isFrozen(directory: string): Promise<boolean> {
  return (await frozenSince(directory)) !== null;
}

/** Null while signing is not frozen. */
export async function frozenSince(directory: string): Promise<Date | null> {
  try {
    return (await stat(fileIn(directory))).mtime;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
