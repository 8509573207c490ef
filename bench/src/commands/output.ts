import { CommandTimer } from '../kernel/command-timer.js';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { mebibytes, milliseconds, printTable, quantile, tenths } from '../kernel/measure.js';
import { processorMs, residentBytes } from '../kernel/processes.js';
import { runScript } from '../kernel/script.js';

const about = `What a talkative command costs: growth of the memory of api and agent while it writes, and how long other commands
on the same server take meanwhile.`;
const options = { megabytes: { fallback: 200, meaning: 'what the command writes' } };
const SAMPLE_MS = 50;
const LIMIT_MIB = '64';

await runScript({ about, options }, async ({ megabytes }) => {
  await withPilothouse(async ({ pilothouse, operator, server }) => {
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
    printTable(
      [`while a command writes ${megabytes} MB`, 'grows by, MiB', 'limit', 'processor, s'],
      (['api', 'agent'] as const).map((name) => [
        name,
        mebibytes(peak[name] - before[name]),
        LIMIT_MIB,
        tenths((processorMs(pids[name]) - spent[name]) / 1000),
      ]),
    );
    console.log(`\nIt took ${tenths(elapsed / 1000)} s until its result, ${busy.length} other commands included.\n`);
    const row = (name: string, values: readonly number[]) => [
      name,
      ...[0.5, 0.99].map((share) => tenths(quantile(values, share))),
    ];
    printTable(['another command', 'p50, ms', 'p99, ms'], [row('before', quiet.slice(20)), row('meanwhile', busy)]);
  });
});
