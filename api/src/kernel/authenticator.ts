import type { RequestContext } from './request-context.js';

/** What a request shows of its sender. */
export interface Presented {
  /** Session token from the cookie, or the bearer token. */
  credential: string | null;
  /** The workspace asked for; null: the only or first one. */
  workspaceId: string | null;
  address: string;
  userAgent: string;
  requestId: string;
}

/** Turns what a request shows into who it is. A credential that is not good makes a stranger, never an error. */
export interface Authenticator {
  authenticate(presented: Presented): Promise<RequestContext>;
}
