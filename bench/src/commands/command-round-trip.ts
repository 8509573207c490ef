import { CommandTimer } from '../kernel/command-timer.js';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { milliseconds, quantile } from '../kernel/measure.js';
import type { Figure, Section } from '../kernel/report.js';
import { runScript } from '../kernel/script.js';
import { SshServer } from '../kernel/ssh-server.js';

const about = `How long one command takes, from the mutation to the event of its result, over loopback: a real Pilothouse and its
agent on this machine, beside \`ssh\` over a connection that is open already. Without systemd.`;
const options = {
  commands: { fallback: 200, meaning: 'commands of each kind' },
  'warm-up': { fallback: 50, meaning: 'commands before them that are not counted' },
};
const ARGV = ['true'];
const P50_LIMIT_MS = 20;
const P99_LIMIT_MS = 60;

await runScript({ about, options }, async ({ commands, 'warm-up': warmUp }) => {
  const repeat = async (once: () => Promise<number>): Promise<number[]> => {
    const values: number[] = [];
    while (values.length < warmUp + commands) values.push(await once());
    return values.slice(warmUp);
  };
  const [socket, http] = await withPilothouse(async ({ operator, server }) => {
    const timer = new CommandTimer(operator, server.id);
    const over = (way: 'socket' | 'http') => repeat(() => timer.roundTrip(ARGV, way));
    const results = [await over('socket'), await over('http')] as const;
    await timer.close();
    return results;
  });
  const ssh = await overSsh(repeat);
  return [
    section('one command, mutation over graphql-ws', socket, ssh),
    section('one command, mutation over HTTP', http, ssh),
  ];
});

/** Null where OpenSSH is not installed. */
async function overSsh(repeat: (once: () => Promise<number>) => Promise<number[]>): Promise<number[] | null> {
  const ssh = await SshServer.start();
  if (!ssh) return null;
  const values = await repeat(() => milliseconds(() => ssh.run(ARGV)));
  await ssh.stop();
  return values;
}

function section(title: string, values: readonly number[], ssh: readonly number[] | null): Section {
  const figure = (name: string, share: number, limit: number): Figure => {
    const peer = ssh
      ? { peer: `ssh, multiplexed, a client process a command: ${quantile(ssh, share).toFixed(1)}` }
      : {};
    return { name, value: quantile(values, share), digits: 1, limit, ...peer };
  };
  return { title, figures: [figure('p50, ms', 0.5, P50_LIMIT_MS), figure('p99, ms', 0.99, P99_LIMIT_MS)] };
}
