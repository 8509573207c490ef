import { envelopeSchema, parseJson, type CommandArguments } from '@pilothouse/protocol';
import type { SealedPlace, SealingKey } from '../../kernel/sealing.js';

/** The row of a command as far as its envelope goes. */
export interface EnvelopeRow {
  id: string;
  workspaceId: string;
  envelope: Buffer;
  envelopeSealed: boolean;
}

/** Keeps envelopes that hold secrets from who reads the database. They are signed, sent and digested unsealed. */
export class EnvelopeSeal {
  constructor(private readonly sealing: SealingKey) {}

  seal(row: Pick<EnvelopeRow, 'id' | 'workspaceId'>, bytes: Buffer): Buffer {
    return this.sealing.seal(bytes, placeOf(row));
  }

  /**
   * The signed bytes. What does not open was altered, and is given as it stands: it goes to the agent, which refuses it
   * as not genuine, and that is on record and raises the alert.
   */
  signedBytes(row: EnvelopeRow): Buffer {
    if (!row.envelopeSealed) return row.envelope;
    try {
      return this.sealing.open(row.envelope, placeOf(row));
    } catch {
      // The agent is the one that judges envelopes, and says so.
      return row.envelope;
    }
  }

  /** The arguments that were signed, secrets and all. @throws when the envelope was altered */
  argumentsOf(row: EnvelopeRow): CommandArguments {
    const { intent } = envelopeSchema.parse(parseJson(this.sealing.open(row.envelope, placeOf(row))));
    if (intent.kind !== 'command') throw new Error('The envelope of a command holds another instruction');
    return intent.arguments;
  }
}

function placeOf({ id, workspaceId }: Pick<EnvelopeRow, 'id' | 'workspaceId'>): SealedPlace {
  return { workspaceId, table: 'commands', column: 'envelope', row: id, version: 1 };
}
