import type { SealedPlace, SealingKey } from '../../kernel/sealing.js';
import type { EnvelopeTable } from './instruction-kinds.js';

/** Which row an envelope belongs to. */
export interface EnvelopePlace {
  table: EnvelopeTable;
  id: string;
  workspaceId: string;
}

/** The row of an instruction as far as its envelope goes. */
export interface EnvelopeRow extends EnvelopePlace {
  envelope: Buffer;
  envelopeSealed: boolean;
}

/** Keeps envelopes that hold secrets from who reads the database. They are signed, sent and digested unsealed. */
export class EnvelopeSeal {
  constructor(private readonly sealing: SealingKey) {}

  seal(place: EnvelopePlace, bytes: Buffer): Buffer {
    return this.sealing.seal(bytes, sealedPlace(place));
  }

  /**
   * The signed bytes. What does not open was altered, and is given as it stands: it goes to the agent, which refuses it
   * as not genuine, and that is on record and raises the alert.
   */
  signedBytes(row: EnvelopeRow): Buffer {
    if (!row.envelopeSealed) return row.envelope;
    try {
      return this.sealing.open(row.envelope, sealedPlace(row));
    } catch {
      // The agent is the one that judges envelopes, and says so.
      return row.envelope;
    }
  }
}

function sealedPlace({ table, id, workspaceId }: EnvelopePlace): SealedPlace {
  return { workspaceId, table, column: 'envelope', row: id, version: 1 };
}
