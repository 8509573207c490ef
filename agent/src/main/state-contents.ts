import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { StateDirectory } from '../kernel/state-directory.js';

/** Removes what belongs to a former server: its commands, samples and anchors must not reach another one. */
export async function forgetServer(state: StateDirectory): Promise<void> {
  const kept = new Set([state.identity, state.keyset, state.lock].map((path) => basename(path)));
  for (const name of await readdir(state.path)) {
    if (!kept.has(name)) await rm(join(state.path, name), { recursive: true, force: true });
  }
}
