import { auditEntryHash, ENVELOPE_LIMITS, writtenDigest, type Intent, type WrittenIntent } from '@pilothouse/protocol';
import { atLeast, mayOnServer } from '../kernel/authorisation/index.js';
import { makeContext } from '../kernel/request-context.js';
import { SigningRefused, type SignRequest } from './signer.port.js';
import type { SigningActor, SigningServer } from './signer.repository.js';

/** Audit actions under which instructions are issued, and the kind of instruction each stands for. */
const KIND_OF_ACTION: Readonly<Record<string, Intent['kind']>> = {
  'command-queued': 'command',
  'run-started': 'command',
  'command-cancelled': 'cancel',
  'run-stopped': 'cancel',
};

/** How far the api's clock may differ from the signer's. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What can be said of a request without asking the database. @throws SigningRefused */
export function judgeRequest(audit: SignRequest['audit'], written: readonly WrittenIntent[], now: Date): void {
  const { hash, ...fields } = audit;
  if (auditEntryHash(fields) !== hash || audit.intentDigest !== writtenDigest(written)) {
    throw new SigningRefused('AUDIT_MISMATCH', 'The audit entry does not stand for these instructions');
  }
  const kind = KIND_OF_ACTION[audit.action];
  for (const { intent } of written) {
    if (intent.workspaceId !== audit.chain || intent.kind !== kind) {
      throw new SigningRefused('AUDIT_MISMATCH', 'An instruction is of another workspace or kind than its audit entry');
    }
    if (intent.actor.kind !== audit.actorKind || intent.actor.id !== audit.actorId) {
      throw new SigningRefused('ACTOR_MISMATCH', 'An instruction names another actor than its audit entry');
    }
    judgeTimes(intent, now);
  }
}

function judgeTimes(intent: Intent, now: Date): void {
  const issuedAtMs = Date.parse(intent.issuedAt);
  const lifetimeMs = Date.parse(intent.expiresAt) - issuedAtMs;
  if (
    Math.abs(now.getTime() - issuedAtMs) > CLOCK_TOLERANCE_MS ||
    lifetimeMs <= 0 ||
    lifetimeMs > ENVELOPE_LIMITS.maxLifetimeMs
  ) {
    throw new SigningRefused('WRONG_TIME', 'An instruction was not issued now, or lives too long');
  }
}

/** Whether this actor may send these instructions to these servers. @throws SigningRefused */
export function judgeRights(
  { audit, intents }: Pick<SignRequest, 'audit' | 'intents'>,
  actor: SigningActor,
  servers: ReadonlyMap<string, SigningServer>,
): void {
  if (actor.kind !== audit.actorKind || actor.id !== audit.actorId) {
    throw new SigningRefused('ACTOR_MISMATCH', 'The credential belongs to another actor than the audit entry names');
  }
  if (actor.tokenScopes !== null && !actor.tokenScopes.includes('RUN')) {
    throw new SigningRefused('NOT_ALLOWED', 'The API token does not have the scope RUN');
  }
  const ctx = contextOf(actor, audit.chain);
  for (const intent of intents) {
    const server = servers.get(intent.serverId);
    if (!server || server.generation !== intent.generation) {
      throw new SigningRefused('WRONG_SERVER', 'A server is not of this workspace, revoked, or of another generation');
    }
    if (!mayOnServer(ctx, 'commands.run', server)) {
      throw new SigningRefused('NOT_ALLOWED', 'The actor may not run commands on one of the servers');
    }
    const missing = intent.scopes.filter((scope) => !server.scopes.includes(scope));
    if (missing.length > 0 || (intent.kind === 'command' && !namesItsScopes(intent))) {
      throw new SigningRefused('NOT_ALLOWED', 'A server does not grant what an instruction needs');
    }
  }
}

/** The scopes an instruction names must cover what it does: the agent and its host policy judge by them. */
function namesItsScopes(intent: Extract<Intent, { kind: 'command' }>): boolean {
  const needed = [
    intent.arguments.program.type === 'script' ? 'shell' : 'exec',
    ...(intent.arguments.user === null ? [] : ['run-as']),
  ];
  return needed.every((scope) => (intent.scopes as readonly string[]).includes(scope));
}

function contextOf(actor: SigningActor, workspaceId: string) {
  return makeContext({
    requestId: 'signer',
    actor: { kind: 'USER', id: actor.userId, sessionId: '', steppedUpAt: null },
    workspaceId,
    role: atLeast(actor.role, 'VIEWER') ? actor.role : null,
    grants: actor.grants,
    address: '',
    userAgent: '',
    credential: null,
  });
}
