import { randomUUID } from 'node:crypto';
import {
  enrolmentRequestSchema,
  negotiateVersion,
  signReceipt,
  verifyEnrolment,
  type EnrolmentRefusal,
  type EnrolmentRequest,
  type SignedReceipt,
  type SigningKey,
} from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../kernel/database/index.js';
import { hashToken } from '../../kernel/random-token.js';
import { makeContext, systemContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { isStorable } from '../../kernel/storable-text.js';
import type { HostFactsRepository, RevocationHooks } from '../servers/index.js';
import type { EnrolmentRepository, Redeemed } from './enrolment.repository.js';

export interface RedemptionParts {
  database: Database;
  enrolments: EnrolmentRepository;
  facts: HostFactsRepository;
  hooks: RevocationHooks;
  /** The control plane's identity key: it signs receipts. */
  identityKey: SigningKey;
  rootFingerprint: string;
}

export type RedemptionAnswer = { receipt: SignedReceipt } | { refusal: EnrolmentRefusal };

/** Takes in agents: the one moment in which somebody without an identity becomes one. */
export class RedemptionService {
  constructor(private readonly parts: RedemptionParts) {}

  /** @param body what was received, unchecked. */
  async redeem(body: unknown, { address, now }: { address: string; now: Date }): Promise<RedemptionAnswer> {
    const parsed = enrolmentRequestSchema.safeParse(body);
    if (!parsed.success || !isStorable(parsed.data.facts)) return { refusal: 'MALFORMED' };
    const request = parsed.data;
    if (!verifyEnrolment(request)) return { refusal: 'BAD_SIGNATURE' };
    const version = negotiateVersion(request.versions);
    if (!version.ok) return { refusal: version.problem };
    const redeemed = await this.takeIn(request, address);
    if (!redeemed) return { refusal: 'TOKEN_INVALID' };
    const { identityKey, rootFingerprint } = this.parts;
    const { agentId, serverId, workspaceId, generation } = redeemed;
    const { publicKey } = request;
    const issuedAt = now.toISOString();
    return {
      receipt: signReceipt(identityKey, {
        agentId,
        serverId,
        workspaceId,
        generation,
        publicKey,
        rootFingerprint,
        issuedAt,
      }),
    };
  }

  private takeIn({ token, publicKey, facts }: EnrolmentRequest, address: string): Promise<Redeemed | null> {
    const { database, enrolments, hooks } = this.parts;
    const tokenHash = hashToken(token);
    return database.enter<Redeemed, Redeemed>({
      lookUp: (tx) => enrolments.redeem(tx, { tokenHash, agentId: uuidv7(), publicKey, facts }),
      contextOf: ({ workspaceId }) => enrolmentContext(workspaceId, address),
      work: async ({ ctx, tx, found }) => {
        const { serverId: id, workspaceId, agentId, generation, scopes } = found;
        await this.parts.facts.store(tx, { id, workspaceId }, { facts, at: ctx.now() });
        await enrolments.beginSession(tx, found);
        await hooks.run(ctx, tx, id);
        const tokenId = await enrolments.tokenIdOf(tx, tokenHash);
        tx.changed('SERVER', id);
        tx.audit({
          action: 'agent-enrolled',
          target: { kind: 'SERVER', id },
          detail: { serverId: id, tokenId, agentId, generation, scopes, publicKey, hostname: facts.hostname },
        });
        return found;
      },
    });
  }
}

function enrolmentContext(workspaceId: string, address: string): WorkspaceContext {
  const context = systemContext(workspaceId, 'enrolment');
  return makeContext({ ...context, credential: null, address, requestId: randomUUID() }) as WorkspaceContext;
}
