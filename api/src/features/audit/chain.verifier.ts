import { AUDIT_GENESIS_HASH, auditEntryHash, type AuditEntryFields } from '@pilothouse/protocol';

export const AUDIT_PROBLEMS = {
  MISSING: 'An entry is not there',
  UNEXPECTED: 'An entry stands where the chain has none',
  LINK_BROKEN: 'An entry does not follow from the one before it: one of the two was changed or replaced',
  HASH_WRONG: 'An entry is not what its hash was made of: it was changed',
  HEAD_DIFFERS: 'The end of the chain is not what the database has noted as its end',
  ANCHOR_CONTRADICTS: 'The chain is whole but not the one whose places were signed and kept outside the database',
  ANCHOR_FORGED: 'A place kept outside the database bears no valid signature',
} as const;

export type AuditProblemKind = keyof typeof AUDIT_PROBLEMS;

/** The first thing that is wrong with a chain. */
export interface AuditProblem {
  kind: AuditProblemKind;
  /** Number of the first bad entry. */
  sequence: number;
  message: string;
}

/** An entry as it is stored. */
export interface StoredEntry extends AuditEntryFields {
  hash: string;
}

/** Where the database says that a chain begins, since retention removed what came before, and ends. */
export interface ChainBounds {
  baseSequence: number;
  baseHash: string;
  headSequence: number;
  headHash: string;
}

/** Places of the chain that were signed and kept outside the database, by their sequence. */
export type SignedPlaces = ReadonlyMap<number, { hash: string; at: Date }>;

/**
 * Walks a chain from its beginning, entry by entry, and names the first that is bad. Remembers the last entry only.
 * The signed places must be of a time before the chain was read.
 */
export class ChainVerifier {
  private sequence: number;
  private hash: string;

  constructor(
    private readonly bounds: ChainBounds | null,
    private readonly signed: SignedPlaces,
  ) {
    this.sequence = bounds?.baseSequence ?? 0;
    this.hash = this.sequence === 0 ? AUDIT_GENESIS_HASH : bounds!.baseHash;
  }

  /** What is wrong with where the chain begins. Entries signed after `prunableBefore` must still be there. */
  begin(prunableBefore: Date): AuditProblem | null {
    for (const [sequence, place] of this.signed) {
      if (sequence <= this.sequence && place.at > prunableBefore) {
        return problem('MISSING', sequence, `Entry ${sequence} is gone although it is too young for retention.`);
      }
    }
    return this.sequence === 0 ? null : this.contradiction();
  }

  next(entry: StoredEntry): AuditProblem | null {
    const expected = this.sequence + 1;
    const { sequence } = entry;
    if (sequence > expected) return problem('MISSING', expected, `Entry ${expected} is missing.`);
    if (sequence < expected) {
      return problem('UNEXPECTED', sequence, `Entry ${sequence} stands before the chain’s beginning.`);
    }
    if (entry.previousHash !== this.hash) {
      return problem('LINK_BROKEN', sequence, `Entry ${sequence} does not follow from what stands before it.`);
    }
    if (auditEntryHash(entry) !== entry.hash) {
      return problem('HASH_WRONG', sequence, `Entry ${sequence} was changed: its hash is not that of its texts.`);
    }
    this.sequence = sequence;
    this.hash = entry.hash;
    return this.contradiction();
  }

  /** What is wrong with where the chain ends. */
  end(): AuditProblem | null {
    const { sequence, hash, bounds } = this;
    const head = { sequence: bounds?.headSequence ?? 0, hash: bounds?.headHash ?? AUDIT_GENESIS_HASH };
    const following = sequence + 1;
    if (head.sequence > sequence) {
      return problem('MISSING', following, `The chain ends before entry ${following}, which is missing.`);
    }
    if (head.sequence < sequence || head.hash !== hash) {
      return problem(
        'HEAD_DIFFERS',
        sequence,
        `The database has noted another end of the chain than entry ${sequence}.`,
      );
    }
    for (const later of this.signed.keys()) {
      if (later <= sequence) continue;
      const message = `The chain ends before entry ${following}, but a place as far as ${later} was signed.`;
      return problem('ANCHOR_CONTRADICTS', following, message);
    }
    return null;
  }

  private contradiction(): AuditProblem | null {
    const { sequence, hash } = this;
    const place = this.signed.get(sequence);
    if (!place || place.hash === hash) return null;
    return problem('ANCHOR_CONTRADICTS', sequence, `Entry ${sequence} is not the one that was signed in its place.`);
  }
}

function problem(kind: AuditProblemKind, sequence: number, message: string): AuditProblem {
  return { kind, sequence, message };
}
