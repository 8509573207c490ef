import { openKeyset, verifyAnchor, type AuditAnchor, type CommandKey } from '@pilothouse/protocol';
import type { Logger } from '../../kernel/log.js';
import type { AnchorStore } from './anchor.store.js';
import type { AuditRepository, ChainPlace } from './audit.repository.js';
import type { AuditProblem } from './chain.verifier.js';

/** Signs how far a chain has come; the signer's command key does it. */
export interface AnchorSigner {
  signAnchor(place: { workspaceId: string; sequence: number; hash: string }): Promise<AuditAnchor>;
}

export interface AnchorsParts {
  repository: AuditRepository;
  store: AnchorStore;
  signer: AnchorSigner;
  log: Logger;
  /** SHA-256 of the raw root key, hexadecimal: keysets count that it has signed. */
  rootFingerprint: string;
}

/** What the anchors of a workspace say. */
export interface AnchorReading {
  places: Map<number, { hash: string; at: Date }>;
  /** Lines that are no anchor: a crash cuts one off, as does whoever tampers with the file. */
  unreadable: number;
  /** An anchor without a valid signature, or two that say different things. */
  problem: AuditProblem | null;
}

/** Keeps places of audit chains outside the database, signed, so that a chain that was replaced whole is noticed. */
export class Anchors {
  constructor(private readonly parts: AnchorsParts) {}

  /**
   * Anchors every chain that has grown since its last anchor. A chain that has become shorter, or another, is left as
   * it is and reported as an error: its verification will name what is wrong.
   *
   * @returns how many were anchored. @throws when a chain could not be anchored, after the others were.
   */
  async extend(): Promise<number> {
    const failures: unknown[] = [];
    let anchored = 0;
    for (const place of await this.parts.repository.chainPlaces()) {
      try {
        if (await this.extendOne(place)) anchored += 1;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} audit chains could not be anchored`);
    return anchored;
  }

  async read(workspaceId: string): Promise<AnchorReading> {
    const keys = await this.commandKeys();
    const reading: AnchorReading = { places: new Map(), unreadable: 0, problem: null };
    for await (const anchor of this.parts.store.read(workspaceId)) {
      if (anchor) reading.problem ??= take(reading.places, anchor, { workspaceId, keys });
      else reading.unreadable += 1;
    }
    return reading;
  }

  /** Every command key there has been: anchors outlive their key. */
  async commandKeys(): Promise<CommandKey[]> {
    const keysets = await this.parts.repository.keysets();
    return keysets.flatMap((signed) => {
      const opened = openKeyset(signed, this.parts.rootFingerprint);
      return opened.ok ? opened.keyset.command : [];
    });
  }

  private async extendOne({ workspaceId, sequence, hash }: ChainPlace): Promise<boolean> {
    const { store, signer, log } = this.parts;
    const last = await store.latest(workspaceId);
    if (last && (sequence < last.sequence || (sequence === last.sequence && hash !== last.hash))) {
      log.error({ workspaceId, sequence, anchored: last.sequence }, 'An audit chain contradicts its last anchor');
      return false;
    }
    if (sequence === (last?.sequence ?? 0)) return false;
    await store.append(await signer.signAnchor({ workspaceId, sequence, hash }));
    return true;
  }
}

function take(
  places: AnchorReading['places'],
  anchor: AuditAnchor,
  { workspaceId, keys }: { workspaceId: string; keys: readonly CommandKey[] },
): AuditProblem | null {
  const { sequence, hash, time } = anchor;
  if (anchor.workspaceId !== workspaceId || !verifyAnchor(anchor, keys)) {
    const message = `The signed place of entry ${sequence} is forged: its signature is not valid.`;
    return { kind: 'ANCHOR_FORGED', sequence, message };
  }
  const known = places.get(sequence);
  if (known && known.hash !== hash) {
    return { kind: 'ANCHOR_CONTRADICTS', sequence, message: `Entry ${sequence} was signed as two different ones.` };
  }
  if (!known) places.set(sequence, { hash, at: new Date(time) });
  return null;
}
