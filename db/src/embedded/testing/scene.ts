import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { EmbeddedPostgres } from '../embedded-postgres.types.js';
import { readLockFile } from '../server-process.js';

export interface StateDirectory {
  path: string;
  remove(): Promise<void>;
}

/** A state directory that PostgreSQL's account can enter, unless `mode` closes it. */
export async function stateDirectory(mode = 0o711): Promise<StateDirectory> {
  const parent = await mkdtemp(join(tmpdir(), 'pilothouse-embedded-'));
  await chmod(parent, mode);
  return { path: join(parent, 'state'), remove: () => rm(parent, { recursive: true, force: true }) };
}

export async function postmasterPid({ dataDir }: { dataDir: string }): Promise<number> {
  return (await readLockFile(dataDir))[0];
}

/** A control plane of its own process and process group, to be ended in the ways it ends in the field. */
export interface OtherControlPlane extends Pick<EmbeddedPostgres, 'adminUrl' | 'port' | 'dataDir'> {
  postmasterPid: number;
  /** SIGKILL to the process. */
  kill(): Promise<void>;
  /** SIGINT to its whole process group, as a terminal sends it for Ctrl-C. */
  interruptGroup(): Promise<void>;
}

export async function startInOwnProcess(stateDir: string): Promise<OtherControlPlane> {
  const child = spawn(process.execPath, [await starterProgram(), stateDir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const died = ended.then(([status]) => Promise.reject(new Error(`The other control plane ended with ${status}`)));
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), died])) as [string];
  died.catch(() => undefined); // from here on it is meant to end
  const started = JSON.parse(line) as Pick<EmbeddedPostgres, 'adminUrl' | 'port' | 'dataDir'>;
  const end = async (send: () => void) => {
    send();
    await ended;
  };
  return {
    ...started,
    postmasterPid: await postmasterPid(started),
    kill: () => end(() => child.kill('SIGKILL')),
    interruptGroup: () => end(() => process.kill(-(child.pid ?? 0), 'SIGINT')),
  };
}

/** Plain Node cannot run TypeScript: the starter is bundled next to the modules it needs at run time. */
async function starterProgram(): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  const outfile = join(here, '../../../node_modules/.cache/embedded-starter.mjs');
  await build({
    entryPoints: [join(here, 'starter.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return outfile;
}
