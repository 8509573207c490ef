import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { errorCode } from './error-code.js';

/**
 * Writes a file unless it exists and returns what the file holds, whoever wrote it.
 *
 * Of two processes that do this at once one wins, and neither ever reads half a file.
 */
export async function createOnce(path: string, content: string, mode: number): Promise<string> {
  const draft = await writeDraft(path, content, mode);
  try {
    await link(draft, path);
    return content;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return await readFile(path, 'utf8');
  } finally {
    await rm(draft, { force: true });
  }
}

export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  await rename(await writeDraft(path, content, mode), path);
}

export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeDraft(path: string, content: string, mode: number): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, content, { mode, flag: 'wx', flush: true });
  await chmod(draft, mode); // the umask took part in the mode above
  return draft;
}
