import type { CancelIntent } from '@pilothouse/protocol';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { AuditPlace, WriteTransaction } from '../../kernel/database/index.js';
import { makeContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { SigningRefused, type Signer } from '../../signer/index.js';
import { CommandIssuer } from './command.issuer.js';
import type { InstructionRepository } from './instruction.repository.js';

const ctx = makeContext({
  requestId: 'request',
  actor: { kind: 'USER', id: 'user', sessionId: 'session', steppedUpAt: null },
  workspaceId: 'workspace',
  role: 'OPERATOR',
  grants: [],
  address: '',
  userAgent: '',
  credential: 'token',
}) as WorkspaceContext;

const ID = '0191d9a0-0000-7000-8000-000000000000';
const NOW = '2026-01-01T00:00:00.000Z';
const CANCEL: CancelIntent = {
  version: 1,
  id: ID,
  serverId: ID,
  workspaceId: ID,
  generation: 1,
  sequence: 1,
  issuedAt: NOW,
  notBefore: NOW,
  expiresAt: '2026-01-02T00:00:00.000Z',
  actor: { kind: 'USER', id: ID },
  approvalDigest: null,
  kind: 'cancel',
  scopes: [],
  arguments: { commandId: ID },
};

/** Runs the step that stands between the audit entry and the commit, with this signer. */
async function signWith(sign: Signer['sign'], intents: readonly CancelIntent[] = []): Promise<string[]> {
  const stored: string[] = [];
  let step: (place: AuditPlace) => Promise<void> = async () => undefined;
  const tx = {
    sent: () => undefined,
    audit: () => undefined,
    afterAudit: (given: typeof step) => (step = given),
  } as unknown as WriteTransaction;
  const signer = { sign } as Signer;
  const issuer = new CommandIssuer({
    instructions: { insertCancels: async () => void stored.push('stored') } as unknown as InstructionRepository,
    signer,
    log: pino({ level: 'silent' }),
    signerDeadlineMs: 50,
  });
  issuer.queueCancels(tx, ctx, {
    prepared: intents.map((intent) => ({ intent })),
    record: { action: 'command-queued', target: { kind: 'COMMAND', id: 'id' } },
  });
  await step({} as AuditPlace);
  return stored;
}

it('stores what the signer answers in time', async () => {
  expect(await signWith(async () => [])).toEqual(['stored']);
});

it('stores nothing of a signer that signs fewer instructions than it was asked for', async () => {
  await expect(signWith(async () => [], [CANCEL])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

it('gives up on a signer that does not answer, so that the transaction rolls back', async () => {
  await expect(signWith(() => new Promise(() => undefined))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

it.each([
  ['FROZEN', 'UNAVAILABLE'],
  ['TOO_MANY', 'RATE_LIMITED'],
  ['NOT_ALLOWED', 'FORBIDDEN'],
] as const)('answers the refusal %s with %s', async (refusal, code) => {
  await expect(signWith(() => Promise.reject(new SigningRefused(refusal, 'no')))).rejects.toMatchObject({ code });
});
