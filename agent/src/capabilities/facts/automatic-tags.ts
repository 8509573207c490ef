import type { HostFacts } from '@pilothouse/protocol';
import type { HostFiles } from '../metrics/index.js';
import type { Virtualisation } from './virtualisation.js';

/**
 * A host sold with 32 GiB shows a little less: firmware, kernel and graphics keep up to two of them.
 */
export const HIGH_MEMORY_MIB = 30 * 1024;
export const MANY_CORES = 16;

export interface TagInput {
  facts: Pick<HostFacts, 'architecture' | 'memoryMib' | 'cpuCount' | 'systemd'>;
  virtualisation: Virtualisation | null;
  hasGpu: boolean;
  hasDocker: boolean;
}

/** Tags that follow from the facts, in a fixed order. */
export function automaticTags({ facts, virtualisation, hasGpu, hasDocker }: TagInput): string[] {
  const tags: [tag: string, applies: boolean][] = [
    [facts.architecture, true],
    ['high-mem', facts.memoryMib >= HIGH_MEMORY_MIB],
    ['many-core', facts.cpuCount >= MANY_CORES],
    ['gpu', hasGpu],
    ['systemd', facts.systemd],
    ['container', virtualisation?.kind === 'container'],
    ['docker', hasDocker],
  ];
  return tags.flatMap(([tag, applies]) => (applies ? tag : []));
}

/** A card of NVIDIA's driver, or any that can render. */
export async function hasGpu(files: HostFiles): Promise<boolean> {
  const devices = await files.names('/dev');
  const renderers = await files.names('/dev/dri');
  return devices.some((name) => /^nvidia\d+$/.test(name)) || renderers.some((name) => /^renderD\d+$/.test(name));
}

export async function hasDocker(files: HostFiles): Promise<boolean> {
  return (await files.exists('/run/docker.sock')) || (await files.exists('/var/run/docker.sock'));
}
