import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@pilothouse/api/testing';
import { ApiProbe } from '../kernel/api-probe.js';
import { withOpenDatabase, type BenchPilothouse } from '../kernel/bench-pilothouse.js';
import type { BenchDatabase } from '../kernel/bench-database.js';
import { mebibytes, quantile } from '../kernel/measure.js';
import { processorMs, processorMsOfTree, residentBytes } from '../kernel/processes.js';
import type { Figure, Section } from '../kernel/report.js';
import { runScript } from '../kernel/script.js';
import { SimulatedFleet } from './fleet.js';

const about = `Many agents on one api process: the real link and handshake, real keys, and this machine's figures every 10 s, all in one
process beside it. Then kill -9 of the api, and all of them come back. All share this machine's cores.`;
const options = {
  agents: { fallback: 2000, meaning: 'simulated agents' },
  seconds: { fallback: 120, meaning: 'how long they are watched' },
  settle: { fallback: 30, meaning: 'seconds before that are not counted' },
};
const FIRST_TO_RETURN = 1000;

interface Scene extends BenchPilothouse {
  database: BenchDatabase;
  fleet: SimulatedFleet;
  agents: number;
}

await runScript({ about, options }, ({ agents, seconds, settle }) =>
  withOpenDatabase(async (bench) => {
    const api = await bench.pilothouse.pidOf('api');
    const emptyBytes = residentBytes(api);
    const startMs = performance.now();
    const fleet = await SimulatedFleet.start({
      origin: bench.pilothouse.origin,
      admin: bench.database.admin,
      agents,
    });
    try {
      const connected = (await fleet.untilOnline(agents)) - startMs;
      await delay(settle * 1000);
      const scene = { ...bench, fleet, agents };
      const steady = await watch(scene, { seconds, api, emptyBytes });
      const storm = await killAndReturn(scene, api);
      return [
        {
          title: `${agents} agents at work`,
          figures: [{ name: 'all connected for the first time, s', value: connected / 1000, digits: 1 }, ...steady],
        },
        { title: `kill -9 of the api with ${agents} agents`, figures: [...storm, ...(await lossOf(scene))] },
      ] satisfies Section[];
    } finally {
      await fleet.stop();
    }
  }),
);

async function watch(
  { operator, database, fleet, agents }: Scene,
  { seconds, api, emptyBytes }: { seconds: number; api: number; emptyBytes: number },
): Promise<Figure[]> {
  const spent = () => ({
    api: processorMs(api),
    database: processorMsOfTree(database.pid),
  });
  const before = { ...spent(), rows: (await fleet.count()).delivered };
  const probe = new ApiProbe(operator, fleet.serverIds);
  await delay(seconds * 1000);
  await probe.stop();
  const after = { ...spent(), rows: (await fleet.count()).delivered };
  const { online } = await fleet.count();
  const perCent = (name: 'api' | 'database') => (after[name] - before[name]) / (seconds * 10);
  return [
    { name: 'connected at the end', value: online, limit: agents },
    { name: 'samples/s taken in', value: (after.rows - before.rows) / seconds, limit: agents / 10 },
    ...latencies(probe, 250),
    { name: 'api, memory of one agent, KiB', value: (residentBytes(api) - emptyBytes) / 1024 / agents, digits: 1 },
    { name: 'api, resident MiB', value: mebibytes(residentBytes(api)) },
    { name: 'api, % of a core', value: perCent('api'), digits: 1 },
    { name: 'PostgreSQL, % of a core', value: perCent('database'), digits: 1 },
    { name: 'connections to PostgreSQL', value: await database.connections() },
  ];
}

async function killAndReturn({ pilothouse, operator, fleet, agents }: Scene, api: number): Promise<Figure[]> {
  const killedMs = performance.now();
  const killedAt = Date.now();
  process.kill(api, 'SIGKILL');
  await eventually(async () => ((await fetch(`${pilothouse.origin}/healthz`)).ok ? true : null));
  const acceptsMs = performance.now();
  const probe = new ApiProbe(operator, fleet.serverIds);
  const first = Math.min(FIRST_TO_RETURN, agents);
  const firstBack = (await fleet.untilOnline(first, killedAt)) - acceptsMs;
  const allBack = (await fleet.untilOnline(agents, killedAt)) - acceptsMs;
  await probe.stop();
  return [
    { name: 'until the api accepts again, s', value: (acceptsMs - killedMs) / 1000, digits: 1 },
    { name: `from then until ${first} are back, s`, value: firstBack / 1000, digits: 1, limit: 30 },
    { name: 'from then until all are back, s', value: allBack / 1000, digits: 1 },
    ...latencies(probe, 1000),
  ];
}

/** Every sample that was made must be a row; the api's death in between is no excuse. */
async function lossOf({ database, fleet }: Scene): Promise<Figure[]> {
  const { made, dropped } = await fleet.drain();
  const { rows } = await database.admin.query<{ stored: number }>(
    `select count(*)::int as stored from telemetry_raw.host_sample where server_id in
       (select metric_key from servers where id = any($1::uuid[]))`,
    [fleet.serverIds],
  );
  return [{ name: 'samples lost', value: made - (rows[0]?.stored ?? 0) + dropped, limit: '0' }];
}

function latencies({ pages, servers, failures }: ApiProbe, limit: number): Figure[] {
  return [
    { name: 'page of servers, p50, ms', value: quantile(pages, 0.5), digits: 1 },
    { name: 'page of servers, p99, ms', value: quantile(pages, 0.99), digits: 1, limit },
    { name: 'one server, p50, ms', value: quantile(servers, 0.5), digits: 1 },
    { name: 'one server, p99, ms', value: quantile(servers, 0.99), digits: 1, limit },
    { name: 'queries not answered', value: failures, limit: '0' },
  ];
}
