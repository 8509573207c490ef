import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { openRelease, type Release, type SignedRelease } from '@pilothouse/protocol';
import { syncDirectory, writeNewFile } from '../../kernel/durable-file.js';

/** The link that names the directory of the release that is served. */
const CURRENT = 'current';
export const MANIFEST = 'release.json';
export const SUMS = 'SHA256SUMS';
/** The one that is served and the one before. */
const KEPT = 2;

/** The release that hosts are given now. */
export interface CurrentRelease {
  release: Release;
  /** Where its files are. */
  directory: string;
  /** The exact bytes of `release.json`. */
  manifest: Buffer;
  sums: string;
}

/** The releases of the state directory: each a directory of its own, complete before it is served, never changed. */
export class ReleaseStore {
  #known: { target: string; current: CurrentRelease } | null = null;

  /** @param directory holds nothing but releases */
  constructor(
    private readonly directory: string,
    private readonly rootFingerprint: string,
  ) {}

  /** Null when there is none. @throws when it is not signed by this installation's root key */
  async current(): Promise<CurrentRelease | null> {
    const target = await readlink(join(this.directory, CURRENT)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (target === null) return null;
    if (this.#known?.target !== target)
      this.#known = { target, current: await this.#read(join(this.directory, target)) };
    return this.#known.current;
  }

  /** Serves it from now on. A start that is cut short leaves the one before. */
  async publish(signed: SignedRelease, contents: ReadonlyMap<string, Buffer>): Promise<void> {
    const opened = openRelease(signed, this.rootFingerprint);
    if (!opened.ok) throw new Error(`The release is not one of this installation (${opened.problem}).`);
    const { version, build, issuedAt } = opened.release;
    const name = `${issuedAt.replaceAll(/[-:.]/g, '')}-${version}-${build}`;
    const draft = join(this.directory, `.${name}`);
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
    for (const [file, content] of contents) await writeNewFile(join(draft, file), content);
    await writeNewFile(join(draft, SUMS), Buffer.from(sumsOf(opened.release)));
    await writeNewFile(join(draft, MANIFEST), Buffer.from(`${JSON.stringify(signed, null, 2)}\n`));
    await rename(draft, join(this.directory, name));
    await this.#pointTo(name);
    await this.#prune(name);
  }

  async #pointTo(name: string): Promise<void> {
    const link = join(this.directory, `.${CURRENT}-${randomBytes(4).toString('hex')}`);
    await symlink(name, link);
    await rename(link, join(this.directory, CURRENT));
    await syncDirectory(this.directory);
  }

  async #prune(current: string): Promise<void> {
    const names = (await readdir(this.directory)).filter((name) => name !== CURRENT && name !== current).sort();
    const old = names.filter((name) => name.startsWith('.')).concat(withoutDrafts(names).slice(0, 1 - KEPT));
    for (const name of old) await rm(join(this.directory, name), { recursive: true, force: true });
  }

  async #read(directory: string): Promise<CurrentRelease> {
    const manifest = await readFile(join(directory, MANIFEST));
    const opened = openRelease(JSON.parse(manifest.toString('utf8')), this.rootFingerprint);
    if (!opened.ok) throw new Error(`${directory} holds no release of this installation (${opened.problem}).`);
    return { release: opened.release, directory, manifest, sums: sumsOf(opened.release) };
  }
}

/** As `sha256sum --check` reads it. */
function sumsOf({ files }: Release): string {
  return files.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('');
}

function withoutDrafts(names: readonly string[]): string[] {
  return names.filter((name) => !name.startsWith('.'));
}
