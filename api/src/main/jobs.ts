import { createJobs } from '../jobs/index.js';
import { readEnvironment } from '../kernel/environment.js';
import { createLogger } from '../kernel/log.js';
import { createControlPlane } from './composition/control-plane.js';
import { endWith } from './process/end-with.js';
import { readReplica } from './composition/replica.js';
import type { ServingOptions } from './composition/serving.js';

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
  const controlPlane = await createControlPlane({ ...replica.parts, ...NOT_SERVED });
  const jobs = createJobs({ ...replica.jobs, sweeps: controlPlane.sweeps });
  await jobs.start();
  log.info('Jobs run');
  endWith(async () => {
    await jobs.stop();
    await controlPlane.stop();
  });
}

/** Nobody reaches this process. */
const NOT_SERVED: Pick<ServingOptions, 'publicOrigins' | 'fallback'> = {
  publicOrigins: ['http://localhost'],
  fallback: (_request, response) => void response.end(),
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
