import { CommandTimer } from '../kernel/command-timer.js';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { mebibytes, milliseconds, quantile } from '../kernel/measure.js';
import { processorMs, residentBytes } from '../kernel/processes.js';
import type { Figure } from '../kernel/report.js';
import { runScript } from '../kernel/script.js';

const about = `What a talkative command costs: growth of the memory of api and agent while it writes, and how long other commands
on the same server take meanwhile.`;
const options = { megabytes: { fallback: 200, meaning: 'what the command writes' } };
const SAMPLE_MS = 50;
const LIMIT_MIB = 64;

await runScript({ about, options }, async ({ megabytes }) =>
  withPilothouse(async ({ pilothouse, operator, server }) => {
    const timer = new CommandTimer(operator, server.id);
    const quiet: number[] = [];
    for (let index = 0; index < 60; index += 1) quiet.push(await timer.roundTrip(['true'], 'socket'));
    const pids = { api: await pilothouse.pidOf('api'), agent: await pilothouse.pidOf('agent') };
    const before = { api: residentBytes(pids.api), agent: residentBytes(pids.agent) };
    const peak = { ...before };
    const spent = { api: processorMs(pids.api), agent: processorMs(pids.agent) };
    const sampling = setInterval(() => {
      for (const name of ['api', 'agent'] as const) peak[name] = Math.max(peak[name], residentBytes(pids[name]));
    }, SAMPLE_MS);
    const busy: number[] = [];
    let isOver = false;
    const elapsed = await milliseconds(async () => {
      const id = await operator.run(server.id, { argv: ['head', '-c', String(megabytes * 1e6), '/dev/zero'] });
      const ended = operator.finished(id).then(() => (isOver = true));
      while (!isOver) busy.push(await timer.roundTrip(['true'], 'socket'));
      await ended;
    });
    clearInterval(sampling);
    await timer.close();
    return [
      {
        title: `while a command writes ${megabytes} MB`,
        figures: [
          ...(['api', 'agent'] as const).flatMap((name): Figure[] => [
            { name: `${name}, grows by, MiB`, value: mebibytes(peak[name] - before[name]), limit: LIMIT_MIB },
            { name: `${name}, processor, s`, value: (processorMs(pids[name]) - spent[name]) / 1000, digits: 1 },
          ]),
          { name: 'until its result, s', value: elapsed / 1000, digits: 1 },
        ],
      },
      { title: 'another command', figures: [...latency('before', quiet.slice(20)), ...latency('meanwhile', busy)] },
    ];
  }),
);

function latency(when: string, values: readonly number[]): Figure[] {
  return [0.5, 0.99].map((share) => ({
    name: `${when}, p${share * 100}, ms`,
    value: quantile(values, share),
    digits: 1,
  }));
}
