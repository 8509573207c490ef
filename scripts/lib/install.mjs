import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';
import { run } from './run.mjs';
import { timed } from './timed.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

/**
 * Installs the locked dependencies where `node_modules` is missing, incomplete or of another lock file.
 *
 * @returns {Promise<boolean>} whether it had to install
 */
export async function installIfNeeded() {
  const installed = readPackages(join(root, 'node_modules/.package-lock.json'));
  const locked = readPackages(join(root, 'package-lock.json'));
  if (locked === undefined) throw new Error('package-lock.json is missing or unreadable: the clone is not complete.');
  if (installed !== undefined && isInstalled(locked, installed)) return false;

  const install = () => run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  await timed('Installing dependencies', install);
  return true;
}

/**
 * Whether every locked package is installed in its locked version. npm writes the record of what is installed last,
 * so an interrupted installation has none. Optional packages of other platforms may be absent.
 *
 * @param {LockedPackages} locked
 * @param {LockedPackages} installed
 */
export function isInstalled(locked, installed) {
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/**
 * @param {string} path
 * @returns {LockedPackages | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined; // Absent or cut short: to the caller both mean "not there".
  }
}
