import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The host's file tree as the readers of /proc, /sys and /etc see it. What is missing or may not be read is null: kernels,
 * containers and rights differ, and a figure that cannot be had is left out rather than failing the others.
 */
export class HostFiles {
  constructor(private readonly root = '/') {}

  path(name: string): string {
    return join(this.root, name);
  }

  async text(name: string): Promise<string | null> {
    return readFile(this.path(name), 'utf8').catch(() => null);
  }

  async names(directory: string): Promise<string[]> {
    return readdir(this.path(directory)).catch(() => []);
  }

  async exists(name: string): Promise<boolean> {
    return access(this.path(name)).then(
      () => true,
      () => false,
    );
  }
}
