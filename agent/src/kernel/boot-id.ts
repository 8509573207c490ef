import { readFile } from 'node:fs/promises';

/** Random per boot of the host; what was started under another one runs no more. */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
