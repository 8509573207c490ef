import type { Grant, Role, TokenScope } from './authorisation/roles.js';
import { Credential } from './credential.js';

/** Who asks. */
export type Actor =
  | { kind: 'ANONYMOUS'; id: null }
  | { kind: 'USER'; id: string; sessionId: string; steppedUpAt: Date | null }
  | { kind: 'API_TOKEN'; id: string; userId: string; scopes: readonly TokenScope[] }
  | { kind: 'AGENT'; id: string; serverId: string }
  | {
      kind: 'SYSTEM';
      id: null;
      job: string;
      /** The person whose own rows the job works on; it does not act in their name. */
      userId?: string;
    };

/** Where a browser keeps its session token: the transport's own cookie. */
export interface SessionCookie {
  set(token: string): void;
  clear(): void;
}

/**
 * Everything a service may know of the request it serves. First parameter of every service method.
 *
 * `credential` is the session or API token the request came with, for the signer, which judges the actor for itself.
 */
export interface RequestContext {
  readonly requestId: string;
  readonly actor: Actor;
  /** Null before sign-in and for a person without a workspace. */
  readonly workspaceId: string | null;
  readonly role: Role | null;
  readonly grants: readonly Grant[];
  readonly address: string;
  readonly userAgent: string;
  readonly credential: Credential | null;
  /** Only where an answer can still carry a cookie: over HTTP. */
  readonly sessionCookie?: SessionCookie;
  now(): Date;
}

/** A context whose workspace is known: what the guard promises to every action that needs a role. */
export type WorkspaceContext = RequestContext & { readonly workspaceId: string };

export function makeContext(
  fields: Omit<RequestContext, 'now' | 'credential'> & { credential: string | Credential | null; now?: () => Date },
): RequestContext {
  const { credential, now = () => new Date(), ...others } = fields;
  return { ...others, now, credential: typeof credential === 'string' ? new Credential(credential) : credential };
}

/** The context of background work inside one workspace. */
export function systemContext(workspaceId: string, job: string): WorkspaceContext {
  return makeContext({
    requestId: `job:${job}`,
    actor: { kind: 'SYSTEM', id: null, job },
    workspaceId,
    role: null,
    grants: [],
    address: '',
    userAgent: '',
    credential: null,
  }) as WorkspaceContext;
}

/** The person behind an actor, also when they use a token; null for agents and strangers, and for most jobs. */
export function userIdOf(actor: Actor): string | null {
  if (actor.kind === 'USER') return actor.id;
  return actor.kind === 'API_TOKEN' || actor.kind === 'SYSTEM' ? (actor.userId ?? null) : null;
}
