import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentSources } from '../agent-package.js';

const INSTALLER = `#!/bin/sh\nset -eu\nurl=''\n# @installation\nprintf '%s\\n' "$url" "$pin" "$tls_pin" "$sums_sha256"\n`;

/** Small files in the place of the agent's. */
export async function writeAgentSources(directory: string, program = 'console.log(1);\n'): Promise<AgentSources> {
  await mkdir(directory, { recursive: true });
  const contents = {
    manifest: '{ "version": "1.2.3" }',
    program,
    runner: 'console.log(2);\n//# sourceMappingURL=runner.cjs.map\n',
    unit: '[Unit]\n',
    installer: INSTALLER,
    licence: 'Apache License\n',
  };
  const entries = Object.entries(contents).map(async ([name, text]) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return [name, path] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as unknown as AgentSources;
}
