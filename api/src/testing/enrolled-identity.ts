import { randomUUID } from 'node:crypto';
import { enrolmentReceiptSchema, generateSigningKey, signEnrolment, type SigningKey } from '@pilothouse/protocol';
import type { Operator } from './operator.js';
import { HOST_FACTS } from './fleet.js';

/** An identity that a test or measurement holds in place of a host, known to a running Pilothouse. */
export interface EnrolledIdentity {
  serverId: string;
  workspaceId: string;
  agentId: string;
  key: SigningKey;
  /** Of the control plane: what a hello names. */
  controlPlaneKeyId: string;
}

/** Adds a server and enrols it as an agent would, without one. */
export async function enrolIdentity(operator: Operator, name: string): Promise<EnrolledIdentity> {
  const { createServer } = await operator.ask(
    `mutation ($input: CreateServerInput!) { createServer(input: $input) { ... on ServerEnrolment { enrolment { token } } ... on Refusal { refusal: message } } }`,
    { input: { name, profile: 'FULL_ACCESS', idempotencyKey: randomUUID() } },
  );
  const key = generateSigningKey();
  const request = signEnrolment(key, {
    token: createServer.enrolment.token,
    facts: HOST_FACTS,
    versions: { min: 1, max: 1 },
  });
  const response = await fetch(`${operator.api.origin}/agent/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const { receipt, keyId } = (await response.json()) as { receipt: string; keyId: string };
  const stated = enrolmentReceiptSchema.parse(JSON.parse(Buffer.from(receipt, 'base64').toString()));
  return { ...stated, key, controlPlaneKeyId: keyId };
}
