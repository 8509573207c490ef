import { join } from 'node:path';
import {
  signAnchor,
  signWritten,
  writeIntent,
  type AuditAnchor,
  type SignedEnvelope,
  type SigningKey,
} from '@pilothouse/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Pool } from '../kernel/database/index.js';
import { isFrozen } from './freeze.js';
import { judgeRequest, judgeRights } from './judge.js';
import { SigningRefused, type ChainPlace, type OpenSigner, type SignRequest } from './signer.port.js';
import { SignerRepository } from './signer.repository.js';
import { SigningLog, SIGNING_LOG } from './signing-log.js';

export interface InProcessSignerOptions {
  key: SigningKey;
  /** Connections of the role ph_signer. */
  pool: Pool;
  /** Holds `signing-log.jsonl`, and `frozen` while signing is stopped. Created beforehand, mode 0700. */
  directory: string;
  now?: () => Date;
  /** Instructions one person may have signed in a minute, by all their sessions and API tokens together. */
  instructionsPerMinute?: number;
}

/** Anchors of one chain: it is anchored at intervals, by one job. */
const ANCHORS_PER_MINUTE = 10;

/** Judges and signs in the process that opens it: the api's own, or that of the signer behind its socket. */
export class InProcessSigner implements OpenSigner {
  private readonly repository: SignerRepository;
  private readonly rate: RateLimiterMemory;
  private readonly anchorRate = new RateLimiterMemory({ points: ANCHORS_PER_MINUTE, duration: 60 });

  private constructor(
    private readonly options: InProcessSignerOptions,
    private readonly log: SigningLog,
  ) {
    this.repository = new SignerRepository(options.pool);
    this.rate = new RateLimiterMemory({ points: options.instructionsPerMinute ?? 6000, duration: 60 });
  }

  static async open(options: InProcessSignerOptions): Promise<InProcessSigner> {
    return new InProcessSigner(options, await SigningLog.open(join(options.directory, SIGNING_LOG)));
  }

  async sign(request: SignRequest): Promise<SignedEnvelope[]> {
    const now = this.now();
    const { audit } = request;
    const written = request.intents.map(writeIntent);
    const intents = written.map(({ intent }) => intent);
    judgeRequest(audit, written, now);
    const [frozen, actor, servers] = await Promise.all([
      isFrozen(this.options.directory),
      this.repository.findActor(request.credential, audit.chain),
      this.repository.findServers(audit.chain, [...new Set(intents.map((intent) => intent.serverId))]),
    ]);
    if (frozen) throw new SigningRefused('FROZEN', 'Signing is frozen on this control plane');
    if (!actor) throw new SigningRefused('UNKNOWN_ACTOR', 'The credential is not valid in this workspace');
    judgeRights({ audit, intents }, actor, servers);
    await spend(this.rate, actor.userId, {
      count: intents.length,
      message: 'The person has had too many instructions signed in the last minute',
    });
    const place = { sequence: audit.sequence, hash: audit.hash };
    const envelopes = written.map((intent) => signWritten(this.options.key, intent, place));
    await this.log.append({
      time: now.toISOString(),
      what: 'instructions',
      chain: audit.chain,
      auditSequence: audit.sequence,
      auditHash: audit.hash,
      actorId: actor.id,
      digest: audit.intentDigest,
      count: intents.length,
    });
    return envelopes;
  }

  async signAnchor(place: ChainPlace): Promise<AuditAnchor> {
    const [frozen, isKnown] = await Promise.all([isFrozen(this.options.directory), this.repository.hasPlace(place)]);
    if (frozen) throw new SigningRefused('FROZEN', 'Signing is frozen on this control plane');
    if (!isKnown) throw new SigningRefused('AUDIT_MISMATCH', 'The audit chain has no such entry');
    await spend(this.anchorRate, place.workspaceId, {
      count: 1,
      message: 'The audit chain has been anchored too often in the last minute',
    });
    const time = this.now().toISOString();
    await this.log.append({
      time,
      what: 'anchor',
      chain: place.workspaceId,
      auditSequence: place.sequence,
      auditHash: place.hash,
      actorId: '',
      digest: '',
      count: 1,
    });
    return signAnchor(this.options.key, { ...place, time });
  }

  async status(): Promise<{ frozen: boolean }> {
    const [frozen] = await Promise.all([isFrozen(this.options.directory), this.repository.touch()]);
    return { frozen };
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private now(): Date {
    return this.options.now?.() ?? new Date();
  }
}

/** @throws SigningRefused `TOO_MANY` with this message */
async function spend(
  rate: RateLimiterMemory,
  key: string,
  { count, message }: { count: number; message: string },
): Promise<void> {
  try {
    await rate.consume(key, count);
  } catch (rejection) {
    if (rejection instanceof RateLimiterRes) throw new SigningRefused('TOO_MANY', message);
    throw rejection;
  }
}
