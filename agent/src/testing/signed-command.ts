import { randomUUID } from 'node:crypto';
import {
  signWritten,
  writeIntent,
  type CommandIntent,
  type HostFacts,
  type PublicKeyText,
  type SignedEnvelope,
  type SigningKey,
} from '@pilothouse/protocol';

/** An agent as the scripted control plane knows it. */
export interface EnrolledAgent {
  agentId: string;
  serverId: string;
  workspaceId: string;
  publicKey: PublicKeyText;
  facts: HostFacts | null;
}

export interface CommandWish {
  agent: EnrolledAgent;
  argv: readonly string[];
  generation: number;
  sequence: number;
  key: SigningKey;
  now: Date;
}

/** An ordinary command for one agent, valid for an hour. */
export function signCommand(wish: CommandWish): { id: string; envelope: SignedEnvelope } {
  const { agent, argv, generation, sequence, key, now } = wish;
  const at = (offsetMs: number) => new Date(now.getTime() + offsetMs).toISOString();
  const intent: CommandIntent = {
    kind: 'command',
    version: 1,
    id: randomUUID(),
    serverId: agent.serverId,
    workspaceId: agent.workspaceId,
    generation,
    sequence,
    issuedAt: at(0),
    notBefore: at(-1000),
    expiresAt: at(3_600_000),
    scopes: ['exec'],
    actor: { kind: 'USER', id: randomUUID() },
    approvalDigest: null,
    arguments: {
      program: { type: 'argv', argv: [...argv] },
      workingDirectory: '/tmp',
      user: null,
      environment: {},
      stdin: null,
      priority: 0,
    },
    limits: { timeoutMs: 600_000, concurrency: 4, keptHeadBytes: 1024, keptTailBytes: 1024 },
    idempotent: false,
  };
  return { id: intent.id, envelope: signWritten(key, writeIntent(intent), { sequence: 1, hash: '0'.repeat(64) }) };
}
