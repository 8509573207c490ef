import { createJobs } from '../jobs/index.js';
import { readEnvironment } from '../kernel/environment.js';
import { createLogger } from '../kernel/log.js';
import { joinFeatures } from './composition/join-features.js';
import { endWith } from './process/end-with.js';
import { readReplica } from './composition/replica.js';

/** The jobs as a process of their own, beside one api or several, each with `PILOTHOUSE_JOBS_PROCESS=own`. */
async function main(): Promise<void> {
  const environment = readEnvironment();
  if (environment.signerSocket === null) {
    throw new Error(
      'PILOTHOUSE_SIGNER_SOCKET is missing: jobs in a process of their own need a signer in a process of its own.',
    );
  }
  const log = createLogger(environment.logLevel);
  const replica = await readReplica(environment, log);
  const joined = await joinFeatures(replica.parts);
  const jobs = createJobs({ ...replica.jobs(), sweeps: joined.sweeps });
  await jobs.start();
  log.info('Jobs run');
  endWith(async () => {
    await jobs.stop();
    await joined.close();
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
