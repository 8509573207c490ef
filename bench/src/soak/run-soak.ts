import { setTimeout as delay } from 'node:timers/promises';
import { EnrolledAgent, freePort } from '@pilothouse/api/testing';
import { SimulatedFleet } from '../agents/fleet.js';
import { withOpenDatabase } from '../kernel/bench-pilothouse.js';
import { liveHeapBytes } from '../kernel/live-heap.js';
import { mebibytes } from '../kernel/measure.js';
import { openDescriptors, residentBytes } from '../kernel/processes.js';
import { leaveAlone, missingSamples, type Alone } from './alone.js';
import { Work } from './work.js';

const SAMPLE_MS = 10_000;
/** An agent keeps a runner ready, and the socket to it open, for a minute after a command. */
const QUIET_MS = 65_000;
/** Even then each reads a file now and then: what is held for good is held at every look. */
const QUIET_LOOKS = { count: 40, everyMs: 250 };
const MINUTE_MS = 60_000;

export interface SoakOptions {
  minutes: number;
  /** Simulated ones, beside two real ones. */
  agents: number;
  /** Minutes of it that do not count. */
  warmUp: number;
  /** How long one agent is alone afterwards. */
  awayMinutes: number;
}

/** What is watched of one moment. */
export interface Moment {
  atMs: number;
  /** Resident, in MiB, just after everything that is not alive was collected. */
  api: number;
  agent: number;
  /** What is alive of the heap, in MiB. */
  apiHeap: number;
  agentHeap: number;
}

/** Descriptors of api and agent, and connections to PostgreSQL, while nothing happens. */
export interface Holdings {
  api: number;
  agent: number;
  database: number;
}

/** What came of it. */
export interface Soak {
  work: Work;
  moments: readonly Moment[];
  before: Holdings;
  after: Holdings;
  alone: Alone;
  /** Samples of the time alone that never came. */
  missing: number;
}

/** Hours in minutes: agents with metrics, commands, and subscriptions that come and go; then an agent alone. */
export async function soak({ minutes, agents, warmUp, awayMinutes }: SoakOptions): Promise<Soak> {
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
        api: openDescriptors(api).length,
        agent: openDescriptors(agent.pid).length,
        database: await database.connections(),
      });
      const look = async (): Promise<Moment> => {
        const apiHeap = mebibytes(await liveHeapBytes(api));
        const agentHeap = mebibytes(await liveHeapBytes(agent.pid));
        return {
          atMs: performance.now(),
          api: mebibytes(residentBytes(api)),
          agent: mebibytes(residentBytes(agent.pid)),
          apiHeap,
          agentHeap,
        };
      };
      const work = new Work(operator, [server.id, agent.serverId, ...fleet.serverIds]);
      const quiet = async () => {
        await work.pause();
        await delay(QUIET_MS);
        const held = await leastHeld(holdings);
        console.error(JSON.stringify({ ...held, agentHolds: openDescriptors(agent.pid).toSorted() }));
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
      return { work, moments, before, after, alone, missing };
    } finally {
      await fleet.stop();
      await agent.remove();
    }
  }, environment);
}

async function leastHeld(look: () => Promise<Holdings>): Promise<Holdings> {
  let least = await look();
  for (let count = 1; count < QUIET_LOOKS.count; count += 1) {
    await delay(QUIET_LOOKS.everyMs);
    const held = await look();
    least = {
      api: Math.min(least.api, held.api),
      agent: Math.min(least.agent, held.agent),
      database: Math.min(least.database, held.database),
    };
  }
  return least;
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
