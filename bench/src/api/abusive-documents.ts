import { setTimeout as delay } from 'node:timers/promises';
import { ABUSIVE, BEYOND_LIMITS, WITHIN_LIMITS } from '@pilothouse/api/testing';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { median, milliseconds, printTable, quantile, tenths } from '../kernel/measure.js';
import { processorMs } from '../kernel/processes.js';
import { runScript } from '../kernel/script.js';

const about = `How long the api is kept busy by documents that are meant to: each alone, from request to refusal, and what the health
probe notices while four clients send nothing else.`;
const options = {
  times: { fallback: 20, meaning: 'how often each document is sent' },
  seconds: { fallback: 10, meaning: 'how long the health probe is watched, once quiet and once under abuse' },
};
const LIMIT_MS = { document: 50, probe: 200 };
const CLIENTS = 4;
const PROBE_EVERY_MS = 20;

await runScript({ about, options }, async ({ times, seconds }) => {
  await withPilothouse(async ({ pilothouse, operator }) => {
    const abuse = [...BEYOND_LIMITS, ...ABUSIVE].map(([what, document]) => ({
      what,
      document,
      limit: LIMIT_MS.document,
    }));
    const api = await pilothouse.pidOf('api');
    const send = (document: string) => pilothouse.ask(document, { token: operator.token });
    const rows: (string | number)[][] = [];
    // What is allowed is also carried out: it is here to compare with.
    const allowed = WITHIN_LIMITS.map(([what, document]) => ({ what: `${what}: allowed`, document, limit: '' }));
    const documents = [...abuse, ...allowed];
    for (const { what, document, limit } of documents) {
      const took: number[] = [];
      const spent = processorMs(api);
      for (let time = 0; time < times; time += 1) took.push(await milliseconds(() => send(document)));
      const processor = (processorMs(api) - spent) / times;
      rows.push([what, tenths(median(took)), tenths(Math.max(...took)), tenths(processor), limit]);
    }
    printTable(['one document', 'median, ms', 'longest, ms', 'processor of the api, ms', 'limit, ms'], rows);

    const probe = () => milliseconds(() => fetch(`${pilothouse.origin}/healthz`).then((answer) => answer.text()));
    const watch = async (): Promise<number[]> => {
      const took: number[] = [];
      const until = performance.now() + seconds * 1000;
      while (performance.now() < until) {
        took.push(await probe());
        await delay(PROBE_EVERY_MS);
      }
      return took;
    };
    const quiet = await watch();
    let isOver = false;
    let sent = 0;
    const clients = Array.from({ length: CLIENTS }, async (_, index) => {
      for (let next = index; !isOver; next += 1, sent += 1) await send(abuse[next % abuse.length]!.document);
    });
    const abused = await watch();
    isOver = true;
    await Promise.all(clients);
    const row = (name: string, values: readonly number[]) => [
      name,
      ...[0.5, 0.99].map((share) => tenths(quantile(values, share))),
      LIMIT_MS.probe,
    ];
    console.log();
    printTable(
      ['health probe', 'p50, ms', 'p99, ms', 'limit of p99, ms'],
      [row('quiet', quiet), row(`${CLIENTS} clients that send abuse`, abused)],
    );
    console.log(`\n${(sent / seconds).toFixed(0)} documents a second were refused meanwhile.`);
  });
});
