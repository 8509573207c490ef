import { EnrolledAgent, type Operator, type SeenCommand } from '@pilothouse/api/testing';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { mebibytes, milliseconds } from '../kernel/measure.js';
import { queuePatiently } from '../kernel/patience.js';
import { residentBytes } from '../kernel/processes.js';
import { runScript } from '../kernel/script.js';

const about = `Commands that were queued for servers while they were away: in which order they start once they are back, how long all of
them take, and what that costs the api in memory. One person may have 6,000 commands signed in a minute: more are queued at
that pace.`;
const options = {
  servers: { fallback: 1, meaning: 'servers, each with a real agent' },
  commands: { fallback: 1000, meaning: 'commands for each server; a queue holds 1000' },
  'at-once': { fallback: 16, meaning: 'mutations under way at the same time' },
};
const SAMPLE_MS = 200;

await runScript({ about, options }, async ({ servers, commands, 'at-once': atOnce }) =>
  withPilothouse(async ({ pilothouse, operator }) => {
    const agents: EnrolledAgent[] = [];
    const api = await pilothouse.pidOf('api');
    let sampling: NodeJS.Timeout | undefined;
    try {
      for (let number = 0; number < servers; number += 1) agents.push(await absentAgent(operator, `queue-${number}`));
      const total = servers * commands;
      const before = residentBytes(api);
      let peak = before;
      sampling = setInterval(() => (peak = Math.max(peak, residentBytes(api))), SAMPLE_MS);
      let next = 0;
      const queue = async () => {
        for (let number = next++; number < total; number = next++) {
          const { serverId } = agents[number % servers] as EnrolledAgent;
          await queuePatiently(operator, serverId, ['true']);
        }
      };
      const queueing = await milliseconds(() => Promise.all(Array.from({ length: atOnce }, queue)));
      const running = await milliseconds(async () => {
        agents.forEach((agent) => agent.startAgain());
        for (const { serverId } of agents) await operator.untilIdle(serverId);
      });
      const histories: SeenCommand[][] = [];
      for (const { serverId } of agents) histories.push(await operator.history(serverId));
      return [
        {
          title: `${total} commands for ${servers} ${servers === 1 ? 'server' : 'servers'}`,
          figures: [
            { name: 'queued, commands/s', value: (total * 1000) / queueing, digits: 1 },
            { name: 'run to their results, commands/s', value: (total * 1000) / running, digits: 1 },
            {
              name: 'succeeded',
              value: histories.flat().filter(({ state }) => state === 'SUCCEEDED').length,
              limit: total,
            },
            {
              name: 'started before one that was queued earlier',
              value: histories.reduce((sum, history) => sum + outOfOrder(history), 0),
              limit: '0',
            },
            { name: 'api, grows by at most, MiB', value: mebibytes(peak - before) },
          ],
        },
      ];
    } finally {
      clearInterval(sampling);
      await Promise.all(agents.map((agent) => agent.remove()));
    }
  }),
);

/** Enrolled, was online, and is away. */
async function absentAgent(operator: Operator, name: string): Promise<EnrolledAgent> {
  const agent = await EnrolledAgent.start(operator, name);
  await operator.untilState(agent.serverId, 'ONLINE');
  await agent.end('SIGTERM');
  await operator.untilState(agent.serverId, 'OFFLINE');
  return agent;
}

function outOfOrder(history: readonly SeenCommand[]): number {
  const inOrder = [...history].sort((a, b) => a.sequence - b.sequence);
  return inOrder.filter((command, index) => {
    const before = inOrder[index - 1];
    return before && Date.parse(command.startedAt ?? '') < Date.parse(before.startedAt ?? '');
  }).length;
}
