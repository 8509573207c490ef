import { z } from 'zod';
import type { Authenticator, Presented } from '../kernel/authenticator.js';
import { Fault } from '../kernel/fault.js';
import { toClientError } from '../kernel/graphql/client-errors.js';
import type { LiveSockets } from '../kernel/live-sockets.js';
import type { Logger } from '../kernel/log.js';
import type { RateLimits } from '../kernel/rate-limits.js';
import { userIdOf, type RequestContext } from '../kernel/request-context.js';
import type { SocketExtra } from '../kernel/serve-socket.js';
import { presentedBy } from './credentials.js';
import { SocketOperations } from './socket-operations.js';

/** What a socket of people and programs is let in by, and lives by. */
export interface SocketAdmissionParts {
  authenticator: Authenticator;
  rateLimits: RateLimits;
  sockets: LiveSockets;
  log: Logger;
  secureCookies: boolean;
  /** False while this replica does not know whose rights have ended. */
  isTrustworthy: () => boolean;
  /** How often a live socket's credential is looked at again: its expiry comes without a revocation. Default: 30 s. */
  rightsCheckedEveryMs?: number;
}

/** Set once a socket has been let in. */
export type UserExtra = SocketExtra & { ctx?: RequestContext; operations?: SocketOperations };

const connectionParams = z
  .object({ token: z.string().max(512).optional(), workspaceId: z.uuid().optional() })
  .nullish();

/** @returns nothing: the connection is acknowledged, or has been closed with the reason's code. */
export async function connect(
  parts: SocketAdmissionParts,
  extra: UserExtra,
  received: unknown,
): Promise<undefined | false> {
  const params = connectionParams.safeParse(received);
  if (!params.success) return false;
  const shown = presentedBy(extra.request, { secure: parts.secureCookies });
  const presented: Presented = {
    ...shown,
    credential: params.data?.token ?? shown.credential,
    workspaceId: params.data?.workspaceId ?? shown.workspaceId,
  };
  try {
    await admit(parts, extra, presented);
  } catch (error) {
    toClientError(error, { requestId: presented.requestId, log: parts.log });
    extra.close(error instanceof Fault && error.code === 'RATE_LIMITED' ? 'TOO_MANY_SOCKETS' : 'SHUTTING_DOWN');
  }
  return undefined;
}

async function admit(parts: SocketAdmissionParts, extra: UserExtra, presented: Presented): Promise<void> {
  assertTrustworthy(parts);
  const ctx = await parts.authenticator.authenticate(presented);
  await parts.rateLimits.admitRequest(ctx);
  const { actor } = ctx;
  const keeps = () => keepsRights(parts, presented, ctx);
  const forget = parts.sockets.add({
    address: extra.address,
    principal: actor.id ?? `address:${extra.address}`,
    userId: userIdOf(actor),
    sessionId: actor.kind === 'USER' ? actor.sessionId : null,
    apiTokenId: actor.kind === 'API_TOKEN' ? actor.id : null,
    keepsRights: keeps,
    close: extra.close,
  });
  if (!forget) return extra.close('TOO_MANY_SOCKETS');
  const operations = new SocketOperations(parts.log);
  extra.socket.once('close', () => {
    forget();
    void operations.endAll();
  });
  if (extra.socket.readyState !== extra.socket.OPEN) return forget();
  // A revocation between the look-up and this moment was told to nobody: look once more, now that it would be.
  if (actor.kind !== 'ANONYMOUS' && !(await keeps())) return extra.close('RIGHTS_CHANGED');
  Object.assign(extra, { ctx, operations, authenticated: actor.kind !== 'ANONYMOUS' });
  if (actor.kind !== 'ANONYMOUS') watchRights(parts, extra, keeps);
}

function watchRights(
  { log, rightsCheckedEveryMs = 30_000 }: SocketAdmissionParts,
  { socket, close }: UserExtra,
  keeps: () => Promise<boolean>,
): void {
  const check = () =>
    void keeps().then(
      (kept) => kept || close('RIGHTS_CHANGED'),
      // Whoever cannot read rights for long closes all sockets: see `Revocations`.
      (error: unknown) => log.warn({ err: error }, 'The rights of a socket cannot be read'),
    );
  const timer = setInterval(check, rightsCheckedEveryMs);
  socket.once('close', () => clearInterval(timer));
}

async function keepsRights(
  { authenticator }: SocketAdmissionParts,
  presented: Presented,
  before: RequestContext,
): Promise<boolean> {
  return rightsText(await authenticator.authenticate(presented)) === rightsText(before);
}

function rightsText({ actor, workspaceId, role, grants }: RequestContext): string {
  return JSON.stringify([actor, workspaceId, role, grants.map((grant) => JSON.stringify(grant)).sort()]);
}

/** @throws UNAVAILABLE while this replica does not know whose rights have ended. */
export function assertTrustworthy({ isTrustworthy }: SocketAdmissionParts): void {
  if (!isTrustworthy()) throw new Fault('UNAVAILABLE', 'Rights cannot be checked at the moment. Try again shortly.');
}
