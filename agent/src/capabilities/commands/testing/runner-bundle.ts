import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Bundles a program of this package as it is shipped; resolves to the path of the file. */
export function bundle(source: string): string {
  const outfile = join(mkdtempSync(join(tmpdir(), 'ph-bundle-')), 'program.cjs');
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
