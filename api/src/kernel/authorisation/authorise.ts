import { SESSION_LIMITS } from '@pilothouse/protocol';
import { Fault } from '../fault.js';
import type { RequestContext } from '../request-context.js';
import { ruleOf, type Action } from './actions.js';
import { atLeast, type Role, type TokenScope } from './roles.js';

/**
 * Lets the request pass or throws.
 *
 * For an action that a grant may allow, passing means only that some server may be acted on: the service asks
 * `mayOnServer` for each one.
 *
 * @throws UNAUTHENTICATED, FORBIDDEN, STEP_UP_REQUIRED
 */
export function authorise(ctx: RequestContext, action: Action): void {
  const rule = ruleOf(action);
  if (rule.minimum === 'ANYONE') return;
  if (ctx.actor.kind === 'ANONYMOUS') throw new Fault('UNAUTHENTICATED', 'Sign in first.');
  authoriseCredential(ctx, action);
  if (rule.minimum === 'SIGNED_IN') return;
  if (ctx.workspaceId === null || ctx.role === null) throw forbidden(action);
  const byGrant = rule.byGrant === true && ctx.grants.some((grant) => atLeast(grant.role, rule.minimum as Role));
  if (!atLeast(ctx.role, rule.minimum) && !byGrant) throw forbidden(action);
}

function authoriseCredential(ctx: RequestContext, action: Action): void {
  const rule = ruleOf(action);
  const { actor } = ctx;
  if (actor.kind === 'API_TOKEN') {
    if (rule.tokenScope === null || !actor.scopes.includes(rule.tokenScope)) throw beyondToken(action, actor.scopes);
    return;
  }
  if (actor.kind !== 'USER') throw forbidden(action);
  if (rule.stepUp && !isSteppedUp(actor.steppedUpAt, ctx.now())) {
    throw new Fault('STEP_UP_REQUIRED', 'Confirm with your password first; it holds for 10 minutes.');
  }
}

export function isSteppedUp(steppedUpAt: Date | null, now: Date): boolean {
  return steppedUpAt !== null && now.getTime() - steppedUpAt.getTime() <= SESSION_LIMITS.stepUpMs;
}

function forbidden(action: Action): Fault {
  const { minimum } = ruleOf(action);
  return new Fault('FORBIDDEN', `This needs the right ${action}; the role ${minimum.toLowerCase()} has it.`, {
    details: { action, minimumRole: minimum },
  });
}

function beyondToken(action: Action, scopes: readonly TokenScope[]): Fault {
  const { minimum, tokenScope } = ruleOf(action);
  const held = scopes.map((scope) => scope.toLowerCase()).join(', ');
  const message =
    tokenScope === null
      ? `No API token has the right ${action}. Sign in to do this.`
      : `This token has only the scope${scopes.length === 1 ? '' : 's'} ${held}; ${action} needs ${tokenScope.toLowerCase()}.`;
  return new Fault('FORBIDDEN', message, { details: { action, minimumRole: minimum } });
}

/** Whether a member may do this on one server, by workspace role or by a grant on the server or one of its tags. */
export function mayOnServer(
  { role, grants }: Pick<RequestContext, 'role' | 'grants'>,
  action: Action,
  server: { id: string; tags: readonly string[] },
): boolean {
  const { minimum, byGrant } = ruleOf(action);
  if (minimum === 'ANYONE' || minimum === 'SIGNED_IN') return true;
  if (atLeast(role, minimum)) return true;
  if (!byGrant || role === null) return false;
  return grants.some(
    (grant) =>
      atLeast(grant.role, minimum) &&
      (grant.serverId === server.id || (grant.tag !== null && server.tags.includes(grant.tag))),
  );
}
