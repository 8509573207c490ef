import { EnrolledAgent, eventually } from '@pilothouse/api/testing';
import { withPilothouse, type BenchPilothouse } from '../kernel/bench-pilothouse.js';
import { median } from '../kernel/measure.js';
import { runScript } from '../kernel/script.js';

const about = `kill -9 of the api with real agents connected: how long until all are back, from when it accepts again.`;
const options = {
  agents: { fallback: 40, meaning: 'agents, each a process of its own' },
  kills: { fallback: 3, meaning: 'kills of one run' },
};
const LIMIT_S = 10;

await runScript({ about, options }, async ({ agents: count, kills }) =>
  withPilothouse(async (bench) => {
    const agents: EnrolledAgent[] = [];
    try {
      for (let number = 0; number < count; number += 1)
        agents.push(await EnrolledAgent.start(bench.operator, `host-${number}`));
      await untilAll(bench, ({ state }) => state === 'ONLINE');
      const away: number[] = [];
      const back: number[] = [];
      while (back.length < kills) {
        const times = await killOnce(bench);
        away.push(times.awayMs / 1000);
        back.push(times.backMs / 1000);
      }
      const peer = 'MeshCentral with 40: 17';
      return [
        {
          title: `kill -9 of the api, ${count + 1} agents, ${kills} times`,
          figures: [
            { name: 'until the api accepts again, s, median', value: median(away), digits: 1 },
            {
              name: 'from then until all agents are back, s, median',
              value: median(back),
              digits: 1,
              limit: LIMIT_S,
              peer,
            },
            { name: 'the same, worst', value: Math.max(...back), digits: 1, limit: LIMIT_S },
          ],
        },
      ];
    } finally {
      await Promise.all(agents.map((agent) => agent.remove()));
    }
  }),
);

type Seen = Awaited<ReturnType<BenchPilothouse['operator']['servers']>>[number];

async function untilAll({ operator }: BenchPilothouse, holds: (server: Seen) => boolean): Promise<void> {
  await eventually(async () => ((await operator.servers()).every(holds) ? true : null));
}

async function killOnce(bench: BenchPilothouse): Promise<{ awayMs: number; backMs: number }> {
  const { pilothouse, operator } = bench;
  const before = new Map((await operator.servers()).map(({ id, connectedAt }) => [id, connectedAt]));
  const killedMs = performance.now();
  process.kill(await pilothouse.pidOf('api'), 'SIGKILL');
  await eventually(async () => ((await fetch(`${pilothouse.origin}/healthz`)).ok ? true : null));
  const acceptsMs = performance.now();
  await untilAll(bench, ({ id, state, connectedAt }) => state === 'ONLINE' && connectedAt !== before.get(id));
  return { awayMs: acceptsMs - killedMs, backMs: performance.now() - acceptsMs };
}
