import { EnrolledAgent } from '@pilothouse/api/testing';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { milliseconds, printTable, tenths } from '../kernel/measure.js';
import { runScript } from '../kernel/script.js';

const about = `Commands that were queued for a server while it was away: in which order they start once it is back, and how long all
of them take.`;
const options = {
  commands: { fallback: 1000, meaning: 'commands; a queue holds 1000' },
  'at-once': { fallback: 16, meaning: 'mutations under way at the same time' },
};

await runScript({ about, options }, async ({ commands, 'at-once': atOnce }) => {
  await withPilothouse(async ({ operator }) => {
    const agent = await EnrolledAgent.start(operator, 'queue');
    try {
      await operator.untilState(agent.serverId, 'ONLINE');
      await agent.end('SIGTERM');
      await operator.untilState(agent.serverId, 'OFFLINE');
      let next = 0;
      const queue = async () => {
        for (let number = next++; number < commands; number = next++) {
          await operator.run(agent.serverId, { argv: ['true'] }, { whenOffline: 'DELIVER' });
        }
      };
      const queueing = await milliseconds(() => Promise.all(Array.from({ length: atOnce }, queue)));
      const running = await milliseconds(async () => {
        agent.startAgain();
        await operator.untilIdle(agent.serverId);
      });
      const history = await operator.history(agent.serverId);
      const inOrder = [...history].sort((a, b) => a.sequence - b.sequence);
      const outOfOrder = inOrder.filter((command, index) => {
        const before = inOrder[index - 1];
        return before && Date.parse(command.startedAt ?? '') < Date.parse(before.startedAt ?? '');
      });
      printTable(
        [`${commands} commands`, 'figure', 'limit'],
        [
          ['queued, commands/s', tenths((commands * 1000) / queueing), ''],
          ['run to their results, commands/s', tenths((commands * 1000) / running), ''],
          ['succeeded', history.filter(({ state }) => state === 'SUCCEEDED').length, commands],
          ['started before one that was queued earlier', outOfOrder.length, 0],
        ],
      );
    } finally {
      await agent.remove();
    }
  });
});
