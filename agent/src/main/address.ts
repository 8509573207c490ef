import type { AgentConfig } from '../kernel/settings.js';
import { tlsTrust } from '../kernel/tls-trust.js';
import type { ControlPlaneAddress } from '../link/control-plane-http.js';
import { LINK_LIMITS } from '@pilothouse/protocol';

interface Place {
  url: string;
  tlsPin: string | null;
}

/**
 * The address to talk to.
 * @throws when it is unencrypted and leaves this machine, unless the configuration allows that
 */
export function addressOf(
  { url, tlsPin }: Place,
  { insecureHttp }: Pick<AgentConfig, 'insecureHttp'>,
): ControlPlaneAddress {
  if (url.startsWith('http:') && !isLoopback(url) && !insecureHttp) {
    throw new Error(
      `${url} is not encrypted: anybody on the way could read the enrolment token and the output of commands. ` +
        'Use https, or set insecure_http: true.',
    );
  }
  return { url, tls: tlsTrust(tlsPin, LINK_LIMITS.connectTimeoutMs), timeoutMs: LINK_LIMITS.connectTimeoutMs };
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
