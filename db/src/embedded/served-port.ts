import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { homeOf } from './placement.js';

/**
 * The port on which a control plane of this state directory serves its PostgreSQL. It holds for as long as that control
 * plane runs, which is what the problem `ALREADY_IN_USE` of `startEmbeddedPostgres()` says.
 */
export async function servedPort(stateDir: string): Promise<number> {
  return Number(await readFile(join(await homeOf(resolve(stateDir)), 'port'), 'utf8'));
}
