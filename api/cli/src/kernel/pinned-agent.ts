import { timingSafeEqual } from 'node:crypto';
import type { ClientRequestArgs } from 'node:http';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Unreachable } from './cli-error.js';

type Created = (error: Error | null, socket: Duplex) => void;

/**
 * Connections to a server that proves to hold one certificate, known by its fingerprint.
 *
 * The fingerprint takes the place of authorities and names, as with an SSH host key: it decides before a single byte is
 * sent. It is stricter than they are, never looser.
 */
export class PinnedAgent extends Agent {
  constructor(private readonly pin: string) {
    super({ keepAlive: true });
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex {
    const socket = connect({ ...(options as ConnectionOptions), rejectUnauthorized: false });
    socket.once('error', (error) => created?.(error, socket));
    socket.once('secureConnect', () => {
      if (isPinned(socket, this.pin)) return created?.(null, socket);
      socket.destroy();
      created?.(
        new Unreachable(
          `${options.host ?? 'The host'} shows another certificate than the pinned one. Compare its fingerprint with the one the control plane prints, then sign in with --pin.`,
        ),
        socket,
      );
    });
    // Node waits for the callback where nothing is returned, which its typings do not say.
    return undefined as unknown as Duplex;
  }
}

function isPinned(socket: TLSSocket, pin: string): boolean {
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '';
  return fingerprint.length === pin.length && timingSafeEqual(Buffer.from(fingerprint), Buffer.from(pin));
}
