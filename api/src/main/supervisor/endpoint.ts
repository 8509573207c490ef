import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from '../../kernel/environment.js';
import { isLoopbackHost } from '../../kernel/loopback.js';
import { certificateFingerprint, keepOwnCertificate, type CertificateFiles } from '../../kernel/tls-certificate.js';
import { freePort } from './port.js';

/** Where the control plane is reached, by whom it is vouched for. */
export interface Endpoint {
  host: string;
  port: number;
  /** As browsers, agents and the CLI write it. */
  origin: string;
  tls: CertificateFiles | null;
  /** SHA-256 of the certificate, where programs of this machine should look at nothing else; null: they need no pin. */
  tlsPin: string | null;
}

export interface EndpointOptions {
  environment: Environment;
  stateDir: string;
  say: (line: string) => void;
}

/**
 * Decides address, port and encryption. Beyond loopback there is always TLS, unless the operator insists otherwise.
 *
 * @throws when the machine cannot listen there, or the certificate cannot be read
 */
export async function chooseEndpoint({ environment, stateDir, say }: EndpointOptions): Promise<Endpoint> {
  const { host } = environment.listen;
  const port = await freePort(environment.listen);
  if (environment.listen.port !== 0 && port !== environment.listen.port) {
    say(`Port ${environment.listen.port} is taken: listening on ${port}.`);
  }
  const tls = await chooseCertificate({ environment, stateDir, say });
  if (environment.publicUrl !== null) {
    return { host, port, origin: new URL(environment.publicUrl).origin, tls, tlsPin: null };
  }
  const name = isWildcard(host) ? outsideAddress() : host;
  const origin = new URL(`${tls ? 'https' : 'http'}://${bracketed(name)}:${port}`).origin;
  return { host, port, origin, tls, tlsPin: tls && (await certificateFingerprint(tls.certificateFile)) };
}

async function chooseCertificate({ environment, stateDir, say }: EndpointOptions): Promise<CertificateFiles | null> {
  const { tls, insecureHttp, listen } = environment;
  if (tls) return { certificateFile: resolve(tls.certificateFile), keyFile: resolve(tls.keyFile) };
  if (isLoopbackHost(listen.host)) return null;
  if (insecureHttp) {
    say(`Warning: ${listen.host} is served without encryption. Passwords and sessions can be read on the way.`);
    return null;
  }
  const own = await keepOwnCertificate(join(stateDir, 'tls'), namesOfThisMachine(listen.host));
  say(`Certificate made by this Pilothouse, SHA-256 ${await certificateFingerprint(own.certificateFile)}`);
  return own;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function namesOfThisMachine(listenHost: string): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const given = isWildcard(listenHost) ? [] : [listenHost];
  return [...new Set([...given, 'localhost', hostname(), ...addresses.map((address) => address.replace(/%.*/, ''))])];
}

/** The first address that other machines may know this one by; its name where it has none. */
function outsideAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? hostname();
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
