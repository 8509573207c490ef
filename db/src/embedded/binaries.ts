import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../kernel/error-code.js';
import { readIfExists } from '../kernel/small-files.js';
import { canEnter } from './account.js';
import { EmbeddedPostgresError, orNotWritable } from './embedded-postgres.error.js';
import type { Placement } from './placement.js';

const run = promisify(execFile);

export interface Binaries {
  initdb: string;
  postgres: string;
  /** `18` */
  major: string;
}

/** The npm package that carries the programs of one platform. */
export interface BinaryPackage {
  root: string;
  version: string;
}

/**
 * The PostgreSQL programs of this platform, where the server's account can run them: in `node_modules`, or in a copy
 * under the cluster's home where that account cannot enter (a clone under a home directory of mode 0700), or where
 * the library links that an install script should have made are missing and cannot be added.
 *
 * @throws STATE_NOT_WRITABLE
 */
export async function prepareBinaries({ home, account }: Placement, source: BinaryPackage): Promise<Binaries> {
  const usable = (await linkLibraries(source.root)) && (await canEnter(programs(source.root).postgres, account));
  const root = usable ? source.root : await copyPackage(source, home);
  return { ...programs(root), major: source.version.split('.')[0] ?? '' };
}

function programs(root: string) {
  return { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') };
}

/** @throws UNSUPPORTED_PLATFORM */
export async function installedBinaries(): Promise<BinaryPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root, version };
  } catch (error) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `The embedded PostgreSQL for ${process.platform} ${process.arch} is not installed (${name}). ` +
        'Pilothouse runs it on Linux x64 and arm64 with glibc; elsewhere set PILOTHOUSE_DATABASE_URL.',
      { cause: error },
    );
  }
}

/** Makes the library links that npm packages cannot carry. False where the directory may not be written. */
async function linkLibraries(root: string): Promise<boolean> {
  const list = (await readIfExists(join(root, 'native/pg-symlinks.json'))) ?? '[]';
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      await symlink(relative(dirname(target), source), join(root, target));
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

async function copyPackage(source: BinaryPackage, home: string): Promise<string> {
  const target = join(home, 'binaries', source.version);
  if (await readIfExists(join(target, 'package.json'))) return target;
  return orNotWritable(target, async () => {
    const draft = `${target}.${randomBytes(6).toString('hex')}`;
    await mkdir(dirname(draft), { recursive: true });
    await chmod(dirname(draft), 0o755);
    try {
      await cp(source.root, draft, { recursive: true, verbatimSymlinks: true });
      await linkLibraries(draft);
      await run('chmod', ['-R', 'u=rwX,go=rX', draft]);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    }
    return target;
  });
}
