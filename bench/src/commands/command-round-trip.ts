import { CommandTimer } from '../kernel/command-timer.js';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { milliseconds, printTable, quantile, tenths } from '../kernel/measure.js';
import { runScript } from '../kernel/script.js';
import { SshServer } from '../kernel/ssh-server.js';

const about = `How long one command takes, from the mutation to the event of its result, over loopback: a real Pilothouse and its
agent on this machine, beside \`ssh\` over a connection that is open already. Without systemd.`;
const options = {
  commands: { fallback: 200, meaning: 'commands of each kind' },
  'warm-up': { fallback: 50, meaning: 'commands before them that are not counted' },
};
const ARGV = ['true'];
const BUDGET = ['20', '60'];

async function repeat(times: number, work: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let index = 0; index < times; index += 1) values.push(await work());
  return values;
}

await runScript({ about, options }, async ({ commands, 'warm-up': warmUp }) => {
  const results: [string, number[], readonly string[]][] = [];
  await withPilothouse(async ({ operator, server }) => {
    const timer = new CommandTimer(operator, server.id);
    for (const over of ['socket', 'http'] as const) {
      const once = () => timer.roundTrip(ARGV, over);
      await repeat(warmUp, once);
      results.push([
        `Pilothouse, mutation over ${over === 'http' ? 'HTTP' : 'graphql-ws'}`,
        await repeat(commands, once),
        BUDGET,
      ]);
    }
    await timer.close();
  });
  const ssh = await SshServer.start();
  if (ssh) {
    const once = () => milliseconds(() => ssh.run(ARGV));
    await repeat(warmUp, once);
    results.push(['ssh, multiplexed, one client process a command', await repeat(commands, once), ['', '']]);
    await ssh.stop();
  }
  printTable(
    ['one command', 'p50, ms', 'budget', 'p99, ms', 'budget'],
    results.map(([name, values, [p50 = '', p99 = '']]) => [
      name,
      tenths(quantile(values, 0.5)),
      p50,
      tenths(quantile(values, 0.99)),
      p99,
    ]),
  );
  if (!ssh) console.log('\nThe ssh row is missing: openssh-server is not installed.');
});
