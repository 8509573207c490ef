import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const directories: string[] = [];

/** Bundles a program of this package as it is shipped; gives the path of the file. Call `removeBundles` in the end. */
export function bundle(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'ph-bundle-'));
  directories.push(directory);
  const outfile = join(directory, 'program.cjs');
  buildSync({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    alias: { '@pilothouse/protocol': fileURLToPath(new URL('../../../../protocol/src/index.ts', import.meta.url)) },
  });
  return outfile;
}

export function bundleRunner(): string {
  return bundle('../../../main/runner.ts');
}

/** Removes what this process has bundled. */
export function removeBundles(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
}
