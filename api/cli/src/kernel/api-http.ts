import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { CliError, EXIT, Unreachable } from './cli-error.js';
import { PinnedAgent } from './pinned-agent.js';

/** Where the API is, and how its certificate is checked. */
export interface Endpoint {
  origin: string;
  /** SHA-256 of the one certificate to accept; null: whatever the system's authorities vouch for. */
  pin: string | null;
}

const SILENCE_TIMEOUT_MS = 120_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export const USER_AGENT = 'pilothouse-cli';

/** POSTs to the API. Connections are kept for the next request until `close`. */
export class ApiHttp {
  readonly agent: HttpAgent;
  private readonly isSecure: boolean;

  constructor(private readonly endpoint: Endpoint) {
    this.isSecure = endpoint.origin.startsWith('https:');
    this.agent = agentFor(endpoint, this.isSecure);
  }

  /** @returns the answer's body, whatever its status. @throws Unreachable */
  async post(body: string, headers: Record<string, string>): Promise<string> {
    const request = this.isSecure ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(asUnreachable(error, this.endpoint.origin));
      const outgoing = request(
        `${this.endpoint.origin}/graphql`,
        {
          method: 'POST',
          agent: this.agent,
          timeout: SILENCE_TIMEOUT_MS,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'user-agent': USER_AGENT,
            ...headers,
          },
        },
        (response) => void readBody(response).then(resolve, fail),
      );
      outgoing.once('error', fail);
      outgoing.once('timeout', () => outgoing.destroy(new Unreachable(`${this.endpoint.origin} does not answer.`)));
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function agentFor({ pin }: Endpoint, isSecure: boolean): HttpAgent {
  if (!isSecure) return new HttpAgent({ keepAlive: true });
  return pin === null ? new HttpsAgent({ keepAlive: true }) : new PinnedAgent(pin);
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new CliError('The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up at the moment',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  EPIPE: 'the connection was cut',
};

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
]);

/** One sentence and what to do for a connection that failed. */
export function asUnreachable(error: Error, origin: string): CliError {
  if (error instanceof CliError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (UNTRUSTED.has(code)) {
    return new CliError(
      `Nobody vouches for the certificate of ${origin}. Sign in with --pin and the fingerprint that the control plane prints.`,
      EXIT.unavailable,
      code,
    );
  }
  const reason = REASONS[code] ?? (code || error.message);
  return new Unreachable(
    `Pilothouse cannot be reached at ${origin}: ${reason}. Start it, or give its address with --url or PILOTHOUSE_URL.`,
  );
}
