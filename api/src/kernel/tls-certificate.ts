import { createHash, X509Certificate, webcrypto } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { readIfPresent, replaceFile } from './durable-file.js';

export interface CertificateFiles {
  certificateFile: string;
  keyFile: string;
}

/** Programs pin the fingerprint instead of trusting an authority, so a change would cut every agent off. */
const VALID_YEARS = 10;

/**
 * The certificate that the control plane made for itself: made once, then the same for as long as its files are there.
 *
 * Nobody vouches for it: browsers warn, and whoever connects compares its fingerprint with the one that is printed.
 *
 * @param names host names and addresses it is good for; those of the first call stay
 */
export async function keepOwnCertificate(directory: string, names: readonly string[]): Promise<CertificateFiles> {
  const files = { certificateFile: join(directory, 'certificate.pem'), keyFile: join(directory, 'key.pem') };
  if ((await readIfPresent(files.certificateFile)) !== null) return files;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { certificate, key } = await makeCertificate(names);
  // The certificate comes last: where it is, its key is.
  await replaceFile(files.keyFile, key, 0o600);
  await replaceFile(files.certificateFile, certificate, 0o644);
  return files;
}

/** SHA-256 over the certificate itself, 64 hexadecimal digits: what agents and install lines pin. */
export async function certificateFingerprint(certificateFile: string): Promise<string> {
  return new X509Certificate(await readFile(certificateFile)).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** By what a certificate is known where no public authority signed it. */
export interface TlsPins {
  /** See `certificateFingerprint`. */
  tlsFingerprint: string;
  /** `sha256//` and the base64 of the SHA-256 over its public key: the only pin that curl and wget know. */
  tlsKeyPin: string;
}

export async function tlsPinsOf(certificateFile: string): Promise<TlsPins> {
  const { publicKey } = new X509Certificate(await readFile(certificateFile));
  const digest = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
  return {
    tlsFingerprint: await certificateFingerprint(certificateFile),
    tlsKeyPin: `sha256//${digest.digest('base64')}`,
  };
}

/** Whether only the certificate vouches for itself. */
export async function isSelfSigned(certificateFile: string): Promise<boolean> {
  const certificate = new X509Certificate(await readFile(certificateFile));
  return certificate.verify(certificate.publicKey);
}

async function makeCertificate(names: readonly string[]): Promise<{ certificate: string; key: string }> {
  // Loaded here and nowhere else: it is needed once in the life of an installation.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const notBefore = new Date();
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + VALID_YEARS);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Pilothouse',
    notBefore,
    notAfter,
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { certificate: `${made.toString('pem')}\n`, key: pem('PRIVATE KEY', key) };
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
