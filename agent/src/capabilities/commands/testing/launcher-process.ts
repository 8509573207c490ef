import { createInterface } from 'node:readline';
import { SystemdLauncher } from '../launcher/systemd.launcher.js';
import type { LauncherCall, LauncherReply } from './remote-launcher.js';

/** Does on the host where it runs what `RemoteLauncher` asks for, one line of JSON for each call and reply. */
async function main(runnerPath: string): Promise<void> {
  const launcher = new SystemdLauncher({ runnerPath });
  for await (const line of createInterface({ input: process.stdin })) {
    const { method, task } = JSON.parse(line) as LauncherCall;
    let reply: LauncherReply;
    try {
      reply = { value: (await launcher[method](task)) ?? null };
    } catch (error) {
      reply = { problem: (error as Error).message };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

void main(process.argv[2] ?? '');
