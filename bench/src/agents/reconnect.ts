import { EnrolledAgent, eventually } from '@pilothouse/api/testing';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { median, printTable, tenths } from '../kernel/measure.js';
import { runScript } from '../kernel/script.js';

const about = `kill -9 of the api with real agents connected: how long until all are back, from when it accepts again.`;
const options = {
  agents: { fallback: 40, meaning: 'agents, each a process of its own' },
  runs: { fallback: 3, meaning: 'kills' },
};
const LIMIT_S = '10';
const PEER_S = '17';

await runScript({ about, options }, async ({ agents: count, runs }) => {
  await withPilothouse(async ({ pilothouse, operator }) => {
    const agents: EnrolledAgent[] = [];
    try {
      for (let number = 0; number < count; number += 1)
        agents.push(await EnrolledAgent.start(operator, `host-${number}`));
      const allOnline = () =>
        eventually(async () => ((await operator.servers()).every(({ state }) => state === 'ONLINE') ? true : null));
      await allOnline();
      const away: number[] = [];
      const back: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const before = new Map((await operator.servers()).map(({ id, connectedAt }) => [id, connectedAt]));
        const killedMs = performance.now();
        process.kill(await pilothouse.pidOf('api'), 'SIGKILL');
        await eventually(async () => ((await fetch(`${pilothouse.origin}/healthz`)).ok ? true : null));
        const acceptsMs = performance.now();
        await eventually(async () => {
          const servers = await operator.servers();
          const isBack = servers.every(
            (server) => server.state === 'ONLINE' && server.connectedAt !== before.get(server.id),
          );
          return isBack ? true : null;
        });
        away.push((acceptsMs - killedMs) / 1000);
        back.push((performance.now() - acceptsMs) / 1000);
      }
      printTable(
        [
          `kill -9 of the api, ${count + 1} agents`,
          `median of ${runs}, s`,
          'worst, s',
          'limit, s',
          'MeshCentral with 40, s',
        ],
        [
          ['until the api accepts again', tenths(median(away)), tenths(Math.max(...away)), '', ''],
          ['from then until all agents are back', tenths(median(back)), tenths(Math.max(...back)), LIMIT_S, PEER_S],
        ],
      );
    } finally {
      await Promise.all(agents.map((agent) => agent.remove()));
    }
  });
});
