import { chmod, mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Environment } from '../../kernel/environment.js';

/** Root lets PostgreSQL's account pass through it, but not list it; every secret in it is closed by its own mode. */
export async function openStateDirectory({ stateDirectory, databaseUrl }: Environment): Promise<string> {
  const path = resolve(stateDirectory);
  const isPassage = process.getuid?.() === 0 && databaseUrl === null;
  if (await mkdir(path, { recursive: true, mode: 0o700 })) await chmod(path, isPassage ? 0o711 : 0o700);
  return realpath(path);
}
