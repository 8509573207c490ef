import { readFile } from 'node:fs/promises';
import { sha256Hex } from '@pilothouse/protocol';
import { packTar } from './archive.js';

/** Where the parts of the agent are that a release is made of. */
export interface AgentSources {
  /** `package.json` of the agent, which tells its version. */
  manifest: string;
  program: string;
  runner: string;
  /** The systemd unit. */
  unit: string;
  installer: string;
  licence: string;
}

/** The agent as it is packed for hosts; the same on every platform today. */
export interface AgentPackage {
  version: string;
  /** See `Release`. */
  build: string;
  tar: Buffer;
  installer: Buffer;
}

export async function readAgentPackage(sources: AgentSources): Promise<AgentPackage> {
  const [program, runner, unit, installer, licence] = (await Promise.all(
    [sources.program, sources.runner, sources.unit, sources.installer, sources.licence].map((path) => readFile(path)),
  )) as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const { version } = JSON.parse(await readFile(sources.manifest, 'utf8')) as { version: string };
  const tar = packTar([
    { name: 'LICENSE', mode: 0o644, content: licence },
    { name: 'install.sh', mode: 0o755, content: installer },
    { name: 'pilothouse-agent.cjs', mode: 0o755, content: withoutSourceMap(program) },
    { name: 'pilothouse-agent.service', mode: 0o644, content: unit },
    { name: 'runner.cjs', mode: 0o755, content: withoutSourceMap(runner) },
  ]);
  return { version, build: sha256Hex(tar).slice(0, 8), tar, installer };
}

/** The map stays in the clone, so nothing should look for it. */
function withoutSourceMap(bundle: Buffer): Buffer {
  return Buffer.from(bundle.toString('utf8').replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n'));
}
