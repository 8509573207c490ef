import { CommandTimer } from '../kernel/command-timer.js';
import { withOpenDatabase } from '../kernel/bench-pilothouse.js';
import { milliseconds, quantile } from '../kernel/measure.js';
import type { Figure, Section } from '../kernel/report.js';
import { runScript } from '../kernel/script.js';
import { SshServer } from '../kernel/ssh-server.js';

const about = `How long one command takes, from the mutation to the event of its result, over loopback: a real Pilothouse and its
agent on this machine, beside \`ssh\` over a connection that is open already. Without systemd. The first commands of an
installation are told apart: PostgreSQL plans them for tables that were empty a moment ago, until it analyses these by itself.`;
const options = {
  commands: { fallback: 200, meaning: 'commands of each kind' },
  'warm-up': { fallback: 50, meaning: 'commands before them that are not counted' },
};
const ARGV = ['true'];
const P50_LIMIT_MS = 20;
const P99_LIMIT_MS = 60;

await runScript({ about, options }, async ({ commands, 'warm-up': warmUp }) => {
  const [first, socket, http] = await withOpenDatabase(async ({ operator, server, database }) => {
    const timer = new CommandTimer(operator, server.id);
    const over = (way: 'socket' | 'http') => timer.roundTrip(ARGV, way);
    await repeat(warmUp, () => over('socket'));
    const unplanned: number[] = [];
    while (!(await database.hasAnalysed('commands'))) unplanned.push(...(await repeat(10, () => over('socket'))));
    await repeat(warmUp, () => over('http'));
    const planned = [await repeat(commands, () => over('socket')), await repeat(commands, () => over('http'))] as const;
    await timer.close();
    return [unplanned, ...planned] as const;
  });
  const ssh = await overSsh(warmUp, commands);
  return [
    section('one command, mutation over graphql-ws', socket, ssh),
    section('one command, mutation over HTTP', http, ssh),
    section(`the first ${first.length} of an installation, over graphql-ws`, first, ssh),
  ];
});

async function repeat(times: number, once: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  while (values.length < times) values.push(await once());
  return values;
}

/** Null where OpenSSH is not installed. */
async function overSsh(warmUp: number, commands: number): Promise<number[] | null> {
  const ssh = await SshServer.start();
  if (!ssh) return null;
  const once = () => milliseconds(() => ssh.run(ARGV));
  await repeat(warmUp, once);
  const values = await repeat(commands, once);
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
