import { resolve } from 'node:path';
import type { JobsParts } from '../../jobs/index.js';
import type { Environment } from '../../kernel/environment.js';
import type { Logger } from '../../kernel/log.js';
import type { JoinOptions } from './join-features.js';
import { readCommandKey, readKeys, refuseCommandKey, signerDirectory } from '../installation/installation.js';
import { redisPlace } from './open-event-bus.js';
import type { SignerPlace } from './open-signer.js';
import { readRoleUrls, type RoleUrls } from '../installation/role-urls.js';

/** What every process of the control plane works with, as environment and state directory say. */
export interface Replica {
  parts: Omit<JoinOptions, 'tlsPins' | 'rateLimits'>;
  /** For whoever runs the jobs, and nobody else: the others are not given the password of their role. */
  jobs: () => Omit<JobsParts, 'sweeps'>;
}

/** @throws a sentence that names what is missing */
export async function readReplica(environment: Environment, log: Logger): Promise<Replica> {
  const stateDir = resolve(environment.stateDirectory);
  const urls = await readRoleUrls(environment, stateDir);
  const keys = await readKeys(stateDir);
  const redis = redisPlace(environment.redisUrl, keys.rootFingerprint);
  return {
    parts: {
      stateDir,
      publicOrigins: [publicOriginOf(environment)],
      urls: { app: urls('ph_app'), telemetryWriter: urls('ph_telemetry_writer') },
      signer: await signerPlace(environment, stateDir, urls),
      redis,
      keys,
      log,
    },
    jobs: () => ({ url: urls('ph_jobs'), redis: environment.jobsBackend === 'redis' ? redis : null, log }),
  };
}

async function signerPlace({ signerSocket }: Environment, stateDir: string, urls: RoleUrls): Promise<SignerPlace> {
  if (signerSocket === null) {
    const directory = signerDirectory(stateDir);
    return { key: await readCommandKey(stateDir), databaseUrl: urls('ph_signer'), directory };
  }
  await refuseCommandKey(stateDir);
  return { socket: signerSocket };
}

function publicOriginOf({ publicUrl, listen: { host, port }, tls }: Environment): string {
  if (publicUrl !== null) return new URL(publicUrl).origin;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
