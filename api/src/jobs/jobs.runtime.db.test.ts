import { once } from 'node:events';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Job, JobRun } from './job.js';
import { JobsRuntime } from './jobs.runtime.js';

let database: TestDatabase;
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
  const runtime = new JobsRuntime({ url: database.jobsUrl, jobs, log, ...(tendMs && { tendMs }) });
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
    everyMs: 1000,
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
  expect(performance.now() - begin).toBeGreaterThan(3500);
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
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  await admin.query(`delete from bullmq.job`);
  await admin.end();
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
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const { rows } = await admin.query(`select count(*)::int as n from bullmq.job where name = 'old'`);
  await admin.end();
  expect(rows).toEqual([{ n: 0 }]);
});
