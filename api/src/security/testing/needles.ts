import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Where which of these texts are, by name: `name in file`. Files of any size and content. */
export async function findNeedles(
  needles: ReadonlyMap<string, readonly string[]>,
  files: readonly string[],
): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'pilothouse-needles-'));
  try {
    const list = join(directory, 'needles');
    await writeFile(list, [...needles.values()].flat().join('\n'), { mode: 0o600 });
    const { stdout } = await execute('grep', ['-aoHF', '-f', list, '--', ...files], {
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: { code?: number; stdout?: string }) => {
      // 1: it found nothing.
      if (error.code === 1) return { stdout: '' };
      throw error;
    });
    return [
      ...new Set(
        stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => named(line, needles)),
      ),
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

function named(line: string, needles: ReadonlyMap<string, readonly string[]>): string {
  const [name] = [...needles].find(([, forms]) => forms.some((form) => line.endsWith(`:${form}`))) ?? ['something'];
  return `${name} in ${line.slice(0, line.indexOf(':'))}`;
}
