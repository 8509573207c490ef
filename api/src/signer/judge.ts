import { auditEntryHash, ENVELOPE_LIMITS, writtenDigest, type Intent, type WrittenIntent } from '@pilothouse/protocol';
import { mayOnServer, type TokenScope } from '../kernel/authorisation/index.js';
import { ruleOf, tokenScopeOf } from './instruction-kinds.js';
import { SigningRefused, type SignRequest } from './signer.port.js';
import type { SigningActor, SigningServer } from './signer.repository.js';

/** How far the api's clock may differ from the signer's. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What can be said of a request without asking the database. @throws SigningRefused */
export function judgeRequest(audit: SignRequest['audit'], written: readonly WrittenIntent[], now: Date): void {
  const { hash, ...fields } = audit;
  if (auditEntryHash(fields) !== hash || audit.intentDigest !== writtenDigest(written)) {
    throw new SigningRefused('AUDIT_MISMATCH', 'The audit entry does not stand for these instructions');
  }
  for (const { intent } of written) {
    if (intent.workspaceId !== audit.chain || !ruleOf(intent).auditActions.includes(audit.action)) {
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
  for (const intent of intents) {
    const rule = ruleOf(intent);
    if (!tokenMay(actor, tokenScopeOf(intent))) {
      throw new SigningRefused('NOT_ALLOWED', `The API token does not have the scope of ${rule.action}`);
    }
    const server = servers.get(intent.serverId);
    if (!server || server.generation !== intent.generation) {
      throw new SigningRefused('WRONG_SERVER', 'A server is not of this workspace, revoked, or of another generation');
    }
    if (!mayOnServer(actor, rule.action, server)) {
      throw new SigningRefused('NOT_ALLOWED', `The actor does not have the right ${rule.action} on one of the servers`);
    }
    const isGranted = intent.scopes.every((scope) => server.scopes.includes(scope));
    if (!isGranted || !rule.scopesNeeded(intent).every((scope) => intent.scopes.includes(scope))) {
      throw new SigningRefused('NOT_ALLOWED', 'A server does not grant what an instruction needs');
    }
  }
}

function tokenMay({ tokenScopes }: SigningActor, needed: TokenScope | null): boolean {
  return tokenScopes === null || (needed !== null && tokenScopes.includes(needed));
}
