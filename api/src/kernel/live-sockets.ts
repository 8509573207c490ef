import { API_LIMITS, type CloseReason } from '@pilothouse/protocol';
import { networkOf } from './network-of.js';
import type { Revocation } from './revocation.repository.js';
import type { Revocations } from './revocations.js';

/** An open socket, and whose rights it lives by. */
export interface LiveSocket {
  address: string;
  /** User or server; counted against the limit of sockets per principal. */
  principal: string;
  userId?: string | null;
  sessionId?: string | null;
  apiTokenId?: string | null;
  serverId?: string | null;
  /**
   * Asks the database whether the rights it was let in with are still the same. A revocation is heard of up to a second
   * late: by then the socket may have been opened with what came after it, a new token or a new identity.
   */
  keepsRights(ended: Revocation['kind']): Promise<boolean>;
  close(reason: CloseReason): void;
}

/** All sockets of this replica: counted, and closed when the rights they live by end. */
export class LiveSockets {
  private readonly sockets = new Set<LiveSocket>();
  private readonly perAddress = new Map<string, number>();

  constructor(revocations: Pick<Revocations, 'onRevoked' | 'onBlind'>) {
    revocations.onRevoked((revocation) => this.closeRevoked(revocation));
    revocations.onBlind(() => this.closeAll('RIGHTS_CHANGED'));
  }

  get count(): number {
    return this.sockets.size;
  }

  get agentCount(): number {
    let count = 0;
    for (const { serverId } of this.sockets) if (serverId != null) count += 1;
    return count;
  }

  /** Counts a socket before anything is known of it. @returns undefined when the address has too many. */
  admitAddress(address: string): (() => void) | undefined {
    const network = networkOf(address);
    const count = this.perAddress.get(network) ?? 0;
    if (count >= API_LIMITS.maxSocketsPerAddress) return undefined;
    this.perAddress.set(network, count + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = (this.perAddress.get(network) ?? 1) - 1;
      if (left === 0) this.perAddress.delete(network);
      else this.perAddress.set(network, left);
    };
  }

  /** @returns a function that forgets the socket, or undefined when the principal has too many. */
  add(socket: LiveSocket): (() => void) | undefined {
    let own = 0;
    for (const other of this.sockets) if (other.principal === socket.principal) own += 1;
    if (own >= API_LIMITS.maxSocketsPerPrincipal) return undefined;
    this.sockets.add(socket);
    return () => void this.sockets.delete(socket);
  }

  closeAll(reason: CloseReason): void {
    for (const socket of this.sockets) socket.close(reason);
  }

  private closeRevoked({ kind, subjectId }: Revocation): void {
    for (const socket of this.sockets) {
      if (livesBy(socket, kind) === subjectId) void closeUnlessKept(socket, kind);
    }
  }
}

/** Who cannot be asked about is closed: it may come back, and is then looked at anew. */
async function closeUnlessKept(socket: LiveSocket, kind: Revocation['kind']): Promise<void> {
  const kept = await socket.keepsRights(kind).then(
    (answer) => (answer ? 'KEPT' : 'LOST'),
    () => 'UNKNOWN' as const,
  );
  // An agent waits minutes after it was told of a revocation, so it is told of a certain one only.
  if (kept === 'LOST') socket.close(kind === 'SERVER' ? 'REVOKED' : 'RIGHTS_CHANGED');
  else if (kept === 'UNKNOWN') socket.close(kind === 'SERVER' ? 'SHUTTING_DOWN' : 'RIGHTS_CHANGED');
}

function livesBy(socket: LiveSocket, kind: Revocation['kind']): string | null | undefined {
  const by: Record<Revocation['kind'], string | null | undefined> = {
    USER: socket.userId,
    MEMBERSHIP: socket.userId,
    SESSION: socket.sessionId,
    API_TOKEN: socket.apiTokenId,
    SERVER: socket.serverId,
    AGENT_KEY: socket.serverId,
  };
  return by[kind];
}
