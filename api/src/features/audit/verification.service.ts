import { RETENTION_DAYS } from '@pilothouse/db';
import type { Database } from '../../kernel/database/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { AnchorReading, Anchors } from './anchors.js';
import type { AuditRepository, ChainSnapshot } from './audit.repository.js';
import { ChainVerifier, type AuditProblem } from './chain.verifier.js';

const DAY_MS = 86_400_000;

/**
 * An entry is anchored minutes after it was written, or when the control plane runs again. So much later than its entry
 * an anchor may be before the entry's going is taken for tampering.
 */
const LATE_ANCHOR_DAYS = 31;

export interface AuditVerification {
  intact: boolean;
  problem: AuditProblem | null;
  /** Entries read, up to and with the first bad one. */
  checkedEntries: number;
  /** The chain begins after this entry; what came before was removed by retention. */
  baseSequence: number;
  headSequence: number;
  headHash: string | null;
  anchorCount: number;
  unreadableAnchors: number;
  lastAnchoredSequence: number | null;
}

export interface VerificationParts {
  database: Database;
  repository: AuditRepository;
  anchors: Anchors;
}

/** Recomputes a workspace's whole audit chain and compares it with what was signed and kept outside the database. */
export class VerificationService {
  private readonly running = new Map<string, Promise<AuditVerification>>();

  constructor(private readonly parts: VerificationParts) {}

  /** In bounded memory, about 30,000 entries a second. Who asks while a verification runs gets its result. */
  verify(ctx: WorkspaceContext): Promise<AuditVerification> {
    const { workspaceId } = ctx;
    let verification = this.running.get(workspaceId);
    if (!verification) {
      verification = this.run(ctx).finally(() => this.running.delete(workspaceId));
      this.running.set(workspaceId, verification);
    }
    return verification;
  }

  private async run(ctx: WorkspaceContext): Promise<AuditVerification> {
    const { database, repository, anchors } = this.parts;
    // Before the chain: an anchor of later growth would contradict the snapshot.
    const reading = await anchors.read(ctx.workspaceId);
    const prunableBefore = new Date(ctx.now().getTime() - (RETENTION_DAYS.audit_entries - LATE_ANCHOR_DAYS) * DAY_MS);
    return database.read(ctx, async (tx) => {
      const snapshot = await repository.openChain(tx);
      const { problem, checkedEntries } = await walk(snapshot, reading, prunableBefore);
      return describe({ snapshot, reading, problem: problem ?? reading.problem, checkedEntries });
    });
  }
}

async function walk(
  { bounds, pages }: ChainSnapshot,
  { places }: AnchorReading,
  prunableBefore: Date,
): Promise<{ problem: AuditProblem | null; checkedEntries: number }> {
  const verifier = new ChainVerifier(bounds, places);
  let checkedEntries = 0;
  let problem = verifier.begin(prunableBefore);
  if (problem) return { problem, checkedEntries };
  for await (const page of pages) {
    for (const entry of page) {
      checkedEntries += 1;
      problem = verifier.next(entry);
      if (problem) return { problem, checkedEntries };
    }
  }
  return { problem: verifier.end(), checkedEntries };
}

function describe({
  snapshot: { bounds },
  reading,
  problem,
  checkedEntries,
}: {
  snapshot: ChainSnapshot;
  reading: AnchorReading;
  problem: AuditProblem | null;
  checkedEntries: number;
}): AuditVerification {
  const sequences = [...reading.places.keys()];
  return {
    intact: problem === null,
    problem,
    checkedEntries,
    baseSequence: bounds?.baseSequence ?? 0,
    headSequence: bounds?.headSequence ?? 0,
    headHash: bounds?.headHash ?? null,
    anchorCount: sequences.length,
    unreadableAnchors: reading.unreadable,
    lastAnchoredSequence: sequences.at(-1) ?? null,
  };
}
