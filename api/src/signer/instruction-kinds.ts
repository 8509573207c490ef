import type { ALL_SCOPES, Intent } from '@pilothouse/protocol';
import { ACTIONS, type Action, type TokenScope } from '../kernel/authorisation/index.js';

interface KindRule<Kind extends Intent['kind']> {
  /** Audit actions under which instructions of this kind are issued, and no others. */
  auditActions: readonly string[];
  /** What the actor must be allowed on each server; an API token needs its scope. */
  action: Action;
  /** The scopes that an instruction must name for what it does: the agent and its host policy judge by them. */
  scopesNeeded(intent: Extract<Intent, { kind: Kind }>): readonly (typeof ALL_SCOPES)[number][];
}

/** What the signer asks of each kind of instruction: one that is not here does not compile, and is never signed. */
const INSTRUCTION_KINDS = {
  command: {
    auditActions: ['command-queued', 'run-started'],
    action: 'commands.run',
    scopesNeeded: ({ arguments: { program, user } }) => [
      program.type === 'script' ? 'shell' : 'exec',
      ...(user === null ? [] : (['run-as'] as const)),
    ],
  },
  cancel: {
    auditActions: ['command-cancelled', 'run-stopped'],
    action: 'commands.run',
    scopesNeeded: () => [],
  },
} as const satisfies { [Kind in Intent['kind']]: KindRule<Kind> };

/** An audit action that instructions may be issued under. */
export type IssuingAction = (typeof INSTRUCTION_KINDS)[Intent['kind']]['auditActions'][number];

export function ruleOf(intent: Intent): KindRule<Intent['kind']> {
  return INSTRUCTION_KINDS[intent.kind];
}

/** What an API token must have to issue an instruction; null: none may. */
export function tokenScopeOf(intent: Intent): TokenScope | null {
  return ACTIONS[ruleOf(intent).action].tokenScope;
}
