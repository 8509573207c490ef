import { EXIT, CliError, usageError } from './cli-error.js';

export const DEFAULT_URL = 'http://127.0.0.1:7700';

/**
 * The origin of a control plane from what a person wrote.
 *
 * Plain HTTP is for this machine only: elsewhere it would show password and token to the network.
 * @throws CliError
 */
export function controlPlaneOrigin(text: string, { insecureHttp }: { insecureHttp: boolean }): string {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (!address || !['http:', 'https:'].includes(address.protocol)) {
    throw usageError(
      `${text} is not an address of a control plane. Write it as https://host or http://127.0.0.1:7700.`,
    );
  }
  if (address.username || address.password || address.search || address.hash || address.pathname !== '/') {
    throw usageError(`The address of a control plane is only scheme, host and port: ${address.origin}.`);
  }
  if (address.protocol === 'http:' && !isLoopback(address.hostname) && !insecureHttp) {
    throw new CliError(
      `${address.origin} is plain HTTP, which would show your token to the network. Use https, or set PILOTHOUSE_INSECURE_HTTP=1.`,
      EXIT.usage,
    );
  }
  return address.origin;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** A certificate's SHA-256 fingerprint as 64 small hexadecimal digits. @throws CliError */
export function certificatePin(text: string): string {
  const digits = text
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw usageError('A pin is the SHA-256 fingerprint of the certificate: 64 hexadecimal digits.');
  }
  return digits;
}
