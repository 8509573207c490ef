import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const notSources = /^(node_modules|dist|\.next|next-env\.d\.ts|.*\.tsbuildinfo)$/;

/**
 * SHA-256 (hex) over the names and contents of files and whole directories, whatever their times say.
 *
 * Does not look at build outputs and installed packages. A path that does not exist counts as absent, so that its
 * appearance changes the fingerprint.
 *
 * @param {string} base
 * @param {readonly string[]} paths relative to `base`
 */
export function fingerprint(base, paths) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) addPath(hash, base, path);
  return hash.digest('hex');
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} base
 * @param {string} path
 */
function addPath(hash, base, path) {
  const absolute = join(base, path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const name of readdirSync(absolute).sort()) {
      if (!notSources.test(name)) addPath(hash, base, join(path, name));
    }
  } else if (stats?.isFile()) {
    const content = readFileSync(absolute);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
}
