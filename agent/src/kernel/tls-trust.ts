import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

const KEY_PIN = 'sha256//';

/** A server that showed another certificate than the pinned one. */
export class TlsPinError extends Error {
  override name = 'TlsPinError';
  constructor(readonly shown: string) {
    super(`The control plane’s TLS certificate is not the pinned one; it shows ${shown}`);
  }
}

/**
 * Connects only to the pinned certificate, or one of the pinned key, whoever signed it. The check is over before the first
 * byte of a request is written.
 */
class PinnedAgent extends Agent {
  constructor(
    private readonly pin: string,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  /** Hands the socket over by the callback; Node's types know only the way of returning it. */
  override createConnection(options: ConnectionOptions, done: (error: Error | null, socket: Duplex) => void): Duplex {
    this.open(options, done);
    return undefined as unknown as Duplex;
  }

  private open(options: ConnectionOptions, done: (error: Error | null, socket: Duplex) => void): void {
    const socket = connect({ ...options, rejectUnauthorized: false });
    const fail = (error: Error) => done(error, socket);
    socket.setTimeout(this.timeoutMs, () => socket.destroy(new Error('The TLS handshake took too long')));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const shown = this.pin.startsWith(KEY_PIN) ? keyShown(socket) : certificateShown(socket);
      if (shown !== this.pin) return void socket.destroy(new TlsPinError(shown));
      socket.off('error', fail);
      socket.setTimeout(0);
      done(null, socket);
    });
  }
}

function certificateShown(socket: TLSSocket): string {
  return (socket.getPeerX509Certificate()?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
}

function keyShown(socket: TLSSocket): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' }) ?? '';
  return `${KEY_PIN}${createHash('sha256').update(key).digest('base64')}`;
}

/**
 * How TLS connections to the control plane are made: undefined leaves the authorities that Node knows in charge.
 * The contents of messages are signed and need no TLS; it keeps the enrolment token and the output of commands private.
 */
export function tlsTrust(pin: string | null, timeoutMs: number): Agent | undefined {
  return pin === null ? undefined : new PinnedAgent(pin, timeoutMs);
}
