import { makeContext, type RequestContext } from '../../kernel/request-context.js';

/** The request as made by a person whom it has just proven to be: their own rows are in sight, no workspace is. */
export function actingAs(
  ctx: RequestContext,
  { userId, sessionId, workspaceId = null }: { userId: string; sessionId: string; workspaceId?: string | null },
): RequestContext {
  return makeContext({
    ...ctx,
    actor: { kind: 'USER', id: userId, sessionId, steppedUpAt: ctx.now() },
    workspaceId,
    role: null,
    grants: [],
    credential: null,
  });
}

export type PersonContext = RequestContext & { readonly actor: Extract<RequestContext['actor'], { kind: 'USER' }> };

/** The context of a request that a person makes with a session: what the guard promises to actions about oneself. */
export function asPerson(ctx: RequestContext): PersonContext {
  if (ctx.actor.kind !== 'USER') throw new Error('An action about oneself was let through without a session');
  return ctx as PersonContext;
}
