import type { Intent } from '@pilothouse/protocol';
import { holdsSecrets, storedArguments } from './stored-arguments.js';

/** Where signed envelopes are stored. */
export type EnvelopeTable = 'commands' | 'instructions';

interface StorageRule<Kind extends Intent['kind']> {
  table: EnvelopeTable;
  /** Whether there may be something secret in it: its envelope is stored sealed. */
  holdsSecrets(intent: Extract<Intent, { kind: Kind }>): boolean;
}

/** How each kind of instruction is stored: one that is not here does not compile. */
const INSTRUCTION_KINDS = {
  command: {
    table: 'commands',
    holdsSecrets: ({ arguments: all }) => holdsSecrets(storedArguments(all)),
  },
  cancel: { table: 'instructions', holdsSecrets: () => false },
} as const satisfies { [Kind in Intent['kind']]: StorageRule<Kind> };

export function storageOf(intent: Intent): StorageRule<Intent['kind']> {
  return INSTRUCTION_KINDS[intent.kind];
}
