import { createInterface } from 'node:readline';
import { SystemdLauncher, type SystemdLauncherOptions } from '../launcher/systemd.launcher.js';
import type { LauncherCall, LauncherReply } from './remote-launcher.js';

/** Does on the host where it runs what `RemoteLauncher` asks for, one line of JSON for each call and reply. */
async function main(options: SystemdLauncherOptions): Promise<void> {
  const launcher = new SystemdLauncher(options);
  const answer = async ({ id, method, task }: LauncherCall): Promise<LauncherReply> => {
    try {
      return { id, value: (await launcher[method](task)) ?? null };
    } catch (error) {
      return { id, problem: (error as Error).message };
    }
  };
  for await (const line of createInterface({ input: process.stdin })) {
    void answer(JSON.parse(line) as LauncherCall).then((reply) => process.stdout.write(`${JSON.stringify(reply)}\n`));
  }
}

void main(JSON.parse(process.argv[2] ?? '') as SystemdLauncherOptions);
