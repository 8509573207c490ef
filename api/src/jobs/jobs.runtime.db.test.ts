import { once } from 'node:events';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../testing/operator.js';
import type { Job, JobRun } from './job.js';
import { JobsRuntime } from './jobs.runtime.js';
import { OnRedis, onPostgres, type BackendScene, type BackendServer } from './testing/backends.js';

const INTERVAL_MS = 250;
/** Of five runs that are intervals apart, even where the first was late. */
const FIVE_INTERVALS_MS = 3.5 * INTERVAL_MS;

let database: TestDatabase;
let scene: BackendScene;
let runtimes: JobsRuntime[];
let logged: string[];
beforeEach(async () => {
  database = await createTestDatabase();
  runtimes = [];
  logged = [];
});
afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.stop()));
  await database.drop();
});

async function start(jobs: readonly Job[], tendMs?: number): Promise<JobsRuntime> {
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const runtime = new JobsRuntime({
    backend: scene.make(),
    jobs,
    log,
    lookEveryMs: INTERVAL_MS,
    ...(tendMs && { tendMs }),
  });
  runtimes.push(runtime);
  await runtime.start();
  return runtime;
}

/** A job, and a way to wait until it has run so often. */
function counted(name: string, work: (run: JobRun) => Promise<unknown> = async () => undefined) {
  let runs = 0;
  let waiting: { count: number; resolve: () => void }[] = [];
  const job: Job = {
    name,
    everyMs: INTERVAL_MS,
    run: async (run) => {
      runs += 1;
      for (const { count, resolve } of waiting) if (runs >= count) resolve();
      waiting = waiting.filter(({ count }) => runs < count);
      await work(run);
    },
  };
  const ran = (count: number) =>
    new Promise<void>((resolve) => (runs >= count ? resolve() : void waiting.push({ count, resolve })));
  return { job, ran, count: () => runs };
}

function contract(server: BackendServer): void {
  beforeAll(() => server.start());
  afterAll(() => server.remove());
  beforeEach(() => void (scene = server.scene(database)));

  test('runs every job at its start and again at its interval', async () => {
    const [one, two] = [counted('one'), counted('two')];
    await start([one.job, two.job]);
    await Promise.all([one.ran(3), two.ran(3)]);
  });

  test('two processes together run a job once an interval', async () => {
    const shared = counted('shared');
    const begin = performance.now();
    await Promise.all([start([shared.job]), start([shared.job])]);
    await shared.ran(7);
    // At most one run for the start of each process; the other five are intervals apart.
    expect(performance.now() - begin).toBeGreaterThan(FIVE_INTERVALS_MS);
  });

  test('when one process stops, the other goes on', async () => {
    const shared = counted('shared');
    const [first] = await Promise.all([start([shared.job]), start([shared.job])]);
    await shared.ran(2);
    await first.stop();
    await shared.ran(shared.count() + 2);
  });

  test('a job that fails is logged and runs again, and disturbs no other', async () => {
    const failing = counted('failing', () => Promise.reject(new Error('on purpose')));
    const other = counted('other');
    await start([failing.job, other.job]);
    await Promise.all([failing.ran(3), other.ran(3)]);
    expect(logged.filter((line) => line.includes('on purpose')).length).toBeGreaterThanOrEqual(2);
  });

  test('a job that takes longer than its interval does not run beside itself', async () => {
    let [running, beside] = [0, 0];
    const other = counted('other');
    const long = counted('long', async ({ signal }) => {
      running += 1;
      beside = Math.max(beside, running);
      await Promise.race([other.ran(other.count() + 3), once(signal, 'abort')]);
      running -= 1;
    });
    await start([long.job, other.job]);
    await long.ran(2);
    expect(beside).toBe(1);
  });

  test('stopping tells a running job, and waits for it', async () => {
    let ended = false;
    const long = counted('long', async ({ signal }) => {
      await once(signal, 'abort');
      ended = true;
    });
    const runtime = await start([long.job]);
    await long.ran(1);
    await runtime.stop();
    expect(ended).toBe(true);
  });

  test('a job whose next run was lost is scheduled anew', async () => {
    const tended = counted('tended');
    await start([tended.job], 500);
    await tended.ran(1);
    await scene.forget();
    await tended.ran(tended.count() + 2);
  });

  test('a job that this version does not have is forgotten', async () => {
    const [old, kept] = [counted('old'), counted('kept')];
    const before = await start([old.job, kept.job]);
    await old.ran(1);
    await before.stop();
    await start([kept.job]);
    const runs = old.count();
    await kept.ran(kept.count() + 3);
    expect(old.count()).toBe(runs);
    expect(await scene.countOf('old')).toBe(0);
    expect(await scene.countOf('kept')).toBeGreaterThan(0);
  });
}

describe('jobs on PostgreSQL', () => {
  contract(onPostgres);
});

const redis = new OnRedis();
describe.runIf(redis.isHere)('jobs on Redis [needs redis]', () => {
  contract(redis);

  test('are run by every process itself while Redis is stopped, and once for all when it is back and empty', async () => {
    const shared = counted('shared');
    await Promise.all([start([shared.job]), start([shared.job])]);
    await shared.ran(3);
    await redis.server.stop();
    await until('The queue of jobs is away', 2);
    await shared.ran(shared.count() + 6);
    await redis.server.startAgain();
    await until('The queue of jobs is back', 2);
    await shared.ran(shared.count() + 2);
    const [begin, before] = [performance.now(), shared.count()];
    await shared.ran(before + 5);
    expect(performance.now() - begin).toBeGreaterThan(FIVE_INTERVALS_MS);
  });

  test('are run while Redis hangs', async () => {
    const job = counted('job');
    await start([job.job]);
    await job.ran(2);
    redis.server.freeze();
    try {
      await until('The queue of jobs is away');
      await job.ran(job.count() + 3);
    } finally {
      redis.server.thaw();
    }
    await until('The queue of jobs is back');
    await job.ran(job.count() + 3);
  });

  test('begin without Redis, and find it later', async () => {
    await redis.server.stop();
    const job = counted('job');
    await start([job.job]);
    await job.ran(2);
    await redis.server.startAgain();
    await until('The queue of jobs is back');
    await job.ran(job.count() + 3);
    expect(await scene.countOf('job')).toBeGreaterThan(0);
  });

  test.each(['stop', 'freeze'] as const)('end in time although Redis is away: %s', async (how) => {
    const job = counted('job');
    const runtime = await start([job.job]);
    await job.ran(1);
    await redis.server[how]();
    await runtime.stop();
    if (how === 'freeze') redis.server.thaw();
    else await redis.server.startAgain();
  });

  test('of two installations on one Redis are each their own', async () => {
    const [ours, theirs] = [counted('job'), counted('job')];
    await start([ours.job]);
    scene = redis.scene();
    await start([theirs.job]);
    await Promise.all([ours.ran(3), theirs.ran(3)]);
  });
});

/** Waits until so many processes have said it. */
async function until(sentence: string, times = 1): Promise<void> {
  await eventually(async () => (logged.filter((line) => line.includes(sentence)).length >= times ? true : null));
}
