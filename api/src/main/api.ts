import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { hostname } from 'node:os';
import { createJobs } from '../jobs/index.js';
import { readEnvironment, type Environment } from '../kernel/environment.js';
import { createLogger } from '../kernel/log.js';
import { isSelfSigned, tlsPinsOf, type TlsPins } from '../kernel/tls-certificate.js';
import { createDashboardProxy } from '../transport/dashboard-proxy.js';
import { createControlPlane, type ControlPlane } from './composition/control-plane.js';
import { endWith } from './process/end-with.js';
import { LocalEnrolment, type LocalEnrolmentParts } from './process/local-enrolment.js';
import { isSupervised, tellParent, whenParentAsks } from './process/parent.js';
import { readReplica } from './composition/replica.js';

/**
 * The api's process: api, signer unless it has its own, and jobs unless they have theirs. Its supervisor has started the
 * database and migrated it.
 */
async function main(): Promise<void> {
  const environment = readEnvironment();
  const log = createLogger(environment.logLevel);
  const replica = await readReplica(environment, log);
  const { stateDir, keys, publicOrigins } = replica.parts;
  const [publicOrigin] = publicOrigins;
  const controlPlane = await createControlPlane({
    ...replica.parts,
    allowedOrigins: environment.allowedOrigins,
    tls: await readTls(environment),
    tlsPins: await pinsOf(environment, publicOrigin),
    explorer: environment.development,
    figuresToken: environment.metricsToken,
    trustedProxies: environment.trustedProxies,
    fallback: createDashboardProxy({ host: environment.dashboardHost, port: environment.dashboardPort }),
  });
  const jobs =
    environment.jobsProcess === 'api' ? createJobs({ ...replica.jobs(), sweeps: controlPlane.sweeps }) : null;
  await controlPlane.start();
  await jobs?.start();
  await listen(controlPlane.server, environment.listen);
  const place = { stateDir, publicOrigin, rootFingerprint: keys.rootFingerprint, log };
  if (isSupervised()) await serveSupervisor(controlPlane, place);
  endWith(async () => {
    await jobs?.stop();
    await controlPlane.stop();
  });
}

/** The set-up code for its console, and an agent for its machine. One of several replicas has neither. */
async function serveSupervisor(
  { features: { enrolment, people } }: ControlPlane,
  place: Omit<LocalEnrolmentParts, 'enrolments'>,
): Promise<void> {
  const localEnrolment = new LocalEnrolment({ enrolments: enrolment.enrolments, ...place });
  whenParentAsks('enrol-local-agent', () => void localEnrolment.offerEnrolment());
  people.setUp.onCompleted((workspaceId) => {
    tellParent({ type: 'setup-code', code: null });
    localEnrolment
      .belongTo(workspaceId)
      .catch((error: unknown) => place.log.error({ err: error }, 'This machine could not be noted'));
  });
  tellParent({ type: 'setup-code', code: await people.setUp.offerCode(`${hostname()}:${place.stateDir}`) });
  tellParent({ type: 'listening' });
}

/** Hosts pin a certificate that nobody vouches for, unless a proxy with one of its own stands before this listener. */
async function pinsOf(
  { tls, listen, proxyCertificateFile }: Environment,
  publicOrigin: string,
): Promise<TlsPins | null> {
  if (proxyCertificateFile !== null) return tlsPinsOf(proxyCertificateFile);
  const isDirect = Number(new URL(publicOrigin).port || 443) === listen.port;
  if (!tls || !isDirect || !(await isSelfSigned(tls.certificateFile))) return null;
  return tlsPinsOf(tls.certificateFile);
}

async function readTls({ tls }: Environment): Promise<{ cert: string; key: string } | null> {
  if (!tls) return null;
  return { cert: await readFile(tls.certificateFile, 'utf8'), key: await readFile(tls.keyFile, 'utf8') };
}

function listen(server: Server, { host, port }: Environment['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
