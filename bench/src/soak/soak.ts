import { setTimeout as delay } from 'node:timers/promises';
import { EnrolledAgent, freePort } from '@pilothouse/api/testing';
import { SimulatedFleet } from '../agents/fleet.js';
import { withOpenDatabase } from '../kernel/bench-pilothouse.js';
import { mebibytes, median, slope } from '../kernel/measure.js';
import { openDescriptors, residentBytes } from '../kernel/processes.js';
import type { Figure, Section } from '../kernel/report.js';
import { runScript } from '../kernel/script.js';
import { leaveAlone, missingSamples } from './alone.js';
import { Work } from './work.js';

const about = `Hours in minutes: agents with metrics, commands, and subscriptions that come and go. Does memory rise, are descriptors and
connections as many at the end as at the start? Then an agent alone, while its control plane is away. Jobs run in the api.`;
const options = {
  minutes: { fallback: 30, meaning: 'how long' },
  agents: { fallback: 100, meaning: 'simulated agents, beside two real ones' },
  'warm-up': { fallback: 5, meaning: 'minutes of it that do not count' },
  'away-minutes': { fallback: 4, meaning: 'how long the agent is alone afterwards' },
};
const SAMPLE_MS = 10_000;
const QUIET_MS = 15_000;
const MINUTE_MS = 60_000;
const MAX_SLOPE = 1;

/** What is watched of one moment. */
interface Moment {
  atMs: number;
  /** In MiB. */
  api: number;
  heap: number;
  agent: number;
}

interface Holdings {
  api: number;
  agent: number;
  database: number;
}

await runScript({ about, options }, async ({ minutes, agents, 'warm-up': warmUp, 'away-minutes': awayMinutes }) => {
  const environment = { PILOTHOUSE_LISTEN: `127.0.0.1:${await freePort()}` };
  return withOpenDatabase(async ({ pilothouse, operator, server, database }) => {
    const agent = await EnrolledAgent.start(operator, 'alone-later');
    const { origin } = pilothouse;
    const writing = { pieceBytes: 2048, pieces: 5, everyMs: 50 };
    const fleet = await SimulatedFleet.start({ origin, admin: database.admin, agents, writing });
    try {
      await fleet.untilOnline(agents);
      await operator.untilState(agent.serverId, 'ONLINE');
      const api = await pilothouse.pidOf('api');
      const holdings = async (): Promise<Holdings> => ({
        api: openDescriptors(api),
        agent: openDescriptors(agent.pid),
        database: await database.connections(),
      });
      const look = async (): Promise<Moment> => ({
        atMs: performance.now(),
        api: mebibytes(residentBytes(api)),
        heap: await heapOf(origin),
        agent: mebibytes(residentBytes(agent.pid)),
      });
      const work = new Work(operator, [server.id, agent.serverId, ...fleet.serverIds]);
      const quiet = async () => {
        await work.pause();
        await delay(QUIET_MS);
        const held = await holdings();
        console.error(JSON.stringify(held));
        return held;
      };
      work.go();
      await delay(warmUp * MINUTE_MS);
      const before = await quiet();
      work.go();
      const moments = await observe(look, (minutes - warmUp) * MINUTE_MS);
      const after = await quiet();
      const alone = await leaveAlone(agent, { minutes: awayMinutes, leave: () => pilothouse.stop() });
      await pilothouse.startAgain();
      await operator.untilState(agent.serverId, 'ONLINE');
      const missing = await missingSamples(database.admin, agent.serverId, alone);
      return [
        workSection({ minutes, agents, work, moments }),
        holdingsSection(before, after),
        {
          title: `an agent alone for ${awayMinutes} min`,
          figures: [
            ...alone.figures,
            { name: 'samples of that time missing after its return', value: missing, limit: '0' },
          ],
        },
      ];
    } finally {
      await fleet.stop();
      await agent.remove();
    }
  }, environment);
});

/** What the api says of its own heap. */
async function heapOf(origin: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return mebibytes(Number(/^pilothouse_memory_bytes\{kind="heap"\} (\S+)$/m.exec(text)?.[1]));
}

async function observe(look: () => Promise<Moment>, forMs: number): Promise<Moment[]> {
  const moments: Moment[] = [];
  for (const endMs = performance.now() + forMs; performance.now() < endMs;) {
    const moment = await look();
    moments.push(moment);
    // Somebody waits for half an hour; standard output is for the result.
    console.error(JSON.stringify(moment));
    await delay(SAMPLE_MS);
  }
  return moments;
}

function workSection({
  minutes,
  agents,
  work,
  moments,
}: {
  minutes: number;
  agents: number;
  work: Work;
  moments: readonly Moment[];
}): Section {
  const ofHour = (name: 'api' | 'heap' | 'agent'): Figure['value'] =>
    slope(moments.map((moment) => [moment.atMs / 3_600_000, moment[name]]));
  const middle = (name: 'api' | 'heap' | 'agent') => median(moments.map((moment) => moment[name]));
  return {
    title: `${minutes} min with ${agents + 2} agents`,
    figures: [
      { name: 'commands', value: work.commands },
      { name: 'subscribers that came and went', value: work.subscribers },
      { name: 'of both, failed', value: work.failures, limit: '0' },
      { name: 'api, resident MiB, median', value: middle('api') },
      { name: 'api, resident, MiB/h', value: ofHour('api'), digits: 1, limit: MAX_SLOPE },
      { name: 'api, heap MiB, median', value: middle('heap') },
      { name: 'api, heap, MiB/h', value: ofHour('heap'), digits: 1, limit: MAX_SLOPE },
      { name: 'agent, resident MiB, median', value: middle('agent') },
      { name: 'agent, resident, MiB/h', value: ofHour('agent'), digits: 1, limit: MAX_SLOPE },
    ],
  };
}

function holdingsSection(before: Holdings, after: Holdings): Section {
  const pair = (what: string, of: keyof Holdings): Figure[] => [
    { name: `${what}, after the warm-up`, value: before[of] },
    { name: `${what}, at the end`, value: after[of], limit: before[of] },
  ];
  return {
    title: 'held while nothing happens',
    figures: [
      ...pair('api, descriptors', 'api'),
      ...pair('agent, descriptors', 'agent'),
      ...pair('connections to PostgreSQL', 'database'),
    ],
  };
}
