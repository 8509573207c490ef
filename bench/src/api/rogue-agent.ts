import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { enrolIdentity } from '@pilothouse/api/testing';
import { exportSigningKey } from '@pilothouse/protocol';
import { withPilothouse, type BenchPilothouse } from '../kernel/bench-pilothouse.js';
import { milliseconds, printTable, quantile, tenths } from '../kernel/measure.js';
import { runScript } from '../kernel/script.js';
import { FRAMES, type LoudOrder } from './loud-frames.js';

const about = `What one rogue agent does to everybody else: the time of other people's requests while an enrolled agent, a process of
its own, sends as much as its caps allow, against the same requests while it is silent. Both take turns, so that the machine
is the same for both.`;
const options = {
  rounds: { fallback: 5, meaning: 'how often silence and noise take turns' },
  seconds: { fallback: 6, meaning: 'how long each turn lasts' },
};
const LIMIT_PERCENT = 20;
const ASK_EVERY_MS = 10;
const ASKED = '{ servers(first: 50) { nodes { id name state facts { hostname } } } }';
const HEAD = ['a rogue agent sends', 'publishes/s', 'p50 before, ms', 'meanwhile', 'p99 before, ms', 'meanwhile'];

await runScript({ about, options }, async ({ rounds, seconds }) => {
  await withPilothouse(async (bench) => {
    const { key, ...identity } = await enrolIdentity(bench.operator, 'rogue');
    const rows: (string | number)[][] = [];
    for (const what of Object.keys(FRAMES)) {
      const order = { ...identity, what, origin: bench.pilothouse.origin, privateKey: exportSigningKey(key) };
      const before: number[] = [];
      const meanwhile: number[] = [];
      let published = 0;
      for (let round = 0; round < rounds; round += 1) {
        before.push(...(await others(bench, seconds)));
        published += await during(order, async () => void meanwhile.push(...(await others(bench, seconds))));
      }
      const [p99Before, p99Meanwhile] = [quantile(before, 0.99), quantile(meanwhile, 0.99)];
      rows.push([
        what,
        tenths(published / (rounds * seconds)),
        ...[quantile(before, 0.5), quantile(meanwhile, 0.5), p99Before, p99Meanwhile].map(tenths),
        `${((p99Meanwhile / p99Before - 1) * 100).toFixed(0)} %`,
        `${LIMIT_PERCENT} %`,
      ]);
    }
    printTable([...HEAD, 'p99 moves by', 'limit'], rows);
  });
});

/** How long each request of somebody else took. */
async function others({ pilothouse, operator }: BenchPilothouse, seconds: number): Promise<number[]> {
  const took: number[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    took.push(await milliseconds(() => pilothouse.ask(ASKED, { token: operator.token })));
    await delay(ASK_EVERY_MS);
  }
  return took;
}

/**
 * What the rogue agent spends on its own frames is another machine's work: here it gets what the others leave.
 * @returns how often it has published while the work was done.
 */
async function during(order: LoudOrder, work: () => Promise<void>): Promise<number> {
  const rogue = fork(fileURLToPath(new URL('loud-agent.js', import.meta.url)));
  if (rogue.pid !== undefined) setPriority(rogue.pid, constants.priority.PRIORITY_LOW);
  let published = 0;
  rogue.on('message', () => (published += 1));
  rogue.send(order);
  await once(rogue, 'message');
  await work();
  rogue.disconnect();
  await once(rogue, 'exit');
  return published;
}
