import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { ControlPlaneAck, AgentHello, EphemeralKey } from '../handshake.js';
import type { Envelope, EnvelopeExpectation, Intent } from '../envelope.js';
import type { Release } from '../release.js';
import type { CommandResult } from '../result.js';
import { readSigningKey, type SigningKey } from '../signature.js';
import type { HostFacts } from '../telemetry.js';

const PKCS8_PREFIX = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };

/** A private key whose 32 bytes are all `byte`: the keys of the test vectors, known to everyone. */
function fixedKey(kind: keyof typeof PKCS8_PREFIX, byte: number): KeyObject {
  const der = Buffer.concat([Buffer.from(PKCS8_PREFIX[kind], 'hex'), Buffer.alloc(32, byte)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function signingKey(byte: number): SigningKey {
  return readSigningKey(fixedKey('ed25519', byte).export({ type: 'pkcs8', format: 'pem' }).toString());
}

function ephemeralKey(byte: number): EphemeralKey {
  const privateKey = fixedKey('x25519', byte);
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  return { publicKey: raw.toString('base64url'), privateKey };
}

export const KEYS = {
  root: signingKey(1),
  controlPlane: signingKey(2),
  command: signingKey(3),
  agent: signingKey(4),
  stranger: signingKey(5),
  nextAgent: signingKey(6),
};
export const EPHEMERAL = { agent: ephemeralKey(6), controlPlane: ephemeralKey(7) };

export const SERVER_ID = '01938d2e-7c00-7000-8000-000000000001';
export const AGENT_ID = '01938d2e-7c00-7000-8000-000000000002';
export const WORKSPACE_ID = '01938d2e-7c00-7000-8000-000000000003';
export const COMMAND_ID = '01938d2e-7c00-7000-8000-000000000004';
export const USER_ID = '01938d2e-7c00-7000-8000-000000000005';
export const TOKEN = `phe_${'A'.repeat(43)}`;
const ISSUED_AT = '2026-11-21T00:00:00.000Z';

export const FACTS: HostFacts = {
  hostname: 'web-1',
  addresses: ['192.0.2.7'],
  osName: 'Debian GNU/Linux',
  osVersion: '12',
  kernel: '6.1.0-26-amd64',
  architecture: 'x64',
  cpuModel: 'AMD EPYC',
  cpuCount: 2,
  memoryMib: 4096,
  swapMib: 0,
  diskMib: 40_960,
  virtualisation: 'kvm',
  bootId: 'd478d19f-e47e-48d9-94fe-56047bed245b',
  bootedAt: '2026-11-20T00:00:00.000Z',
  agentVersion: '0.1.0',
  systemd: true,
  agentUser: 'root',
  automaticTags: ['x64', 'systemd'],
};

export const HELLO: Omit<AgentHello, 'signature'> = {
  versions: { min: 1, max: 1 },
  agentId: AGENT_ID,
  challenge: Buffer.alloc(32, 8).toString('base64url'),
  controlPlaneKeyId: KEYS.controlPlane.keyId,
  audience: 'https://pilothouse.example',
  ephemeralKey: EPHEMERAL.agent.publicKey,
  instanceId: '0e4cb7f1-19a3-4a55-8f2c-5d2b8f0e6a11',
  bootId: FACTS.bootId,
  agentVersion: '0.1.0',
};

export const ACK: Omit<ControlPlaneAck, 'signature'> = {
  version: 1,
  serverId: SERVER_ID,
  workspaceId: WORKSPACE_ID,
  epoch: { generation: 1, counter: 7 },
  time: '2026-11-21T00:00:01.000Z',
  ephemeralKey: EPHEMERAL.controlPlane.publicKey,
  keysetVersion: 1,
  keyset: null,
  anchor: null,
};

export const ROTATION_SUBJECT = { serverId: SERVER_ID, agentId: AGENT_ID, epoch: ACK.epoch };

const common = {
  version: 1,
  id: COMMAND_ID,
  serverId: SERVER_ID,
  workspaceId: WORKSPACE_ID,
  generation: 1,
  sequence: 42,
  issuedAt: ISSUED_AT,
  notBefore: ISSUED_AT,
  expiresAt: '2026-11-22T00:00:00.000Z',
  actor: { kind: 'USER', id: USER_ID },
  approvalDigest: null,
} as const;

export const COMMAND_INTENT = {
  ...common,
  kind: 'command',
  scopes: ['exec'],
  arguments: {
    program: { type: 'argv', argv: ['/bin/echo', 'hällo', ''] },
    workingDirectory: '/srv',
    user: null,
    environment: { LANG: 'C.UTF-8' },
    stdin: null,
    priority: 0,
  },
  limits: { timeoutMs: 600_000, concurrency: 4, keptHeadBytes: 1_048_576, keptTailBytes: 4_194_304 },
  idempotent: false,
} as const satisfies Intent;

export const CANCEL_INTENT = {
  ...common,
  id: '01938d2e-7c00-7000-8000-000000000006',
  kind: 'cancel',
  sequence: 43,
  scopes: ['exec'],
  arguments: { commandId: COMMAND_ID },
} as const satisfies Intent;

export const ENVELOPE: Envelope = { intent: COMMAND_INTENT, audit: { sequence: 9, hash: 'ab'.repeat(32) } };

export const EXPECTATION: EnvelopeExpectation = {
  commandKeys: [KEYS.command],
  serverId: SERVER_ID,
  generation: 1,
  now: new Date('2026-11-21T12:00:00.000Z'),
};

export const RESULT: CommandResult = {
  version: 1,
  commandId: COMMAND_ID,
  envelopeDigest: 'cd'.repeat(32),
  state: 'SUCCEEDED',
  exitCode: 0,
  signal: null,
  reason: null,
  outcome: 'KNOWN',
  startedAt: '2026-11-21T00:00:02.000Z',
  finishedAt: '2026-11-21T00:00:03.500Z',
  durationMs: 1500,
  lastOutputSeq: 1,
  stdout: { bytes: 7, sha256: 'ef'.repeat(32) },
  stderr: { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
};

export const RELEASE: Release = {
  version: '0.1.0',
  build: '1a2b3c4d',
  nodeVersion: '20.20.2',
  issuedAt: ISSUED_AT,
  files: [
    {
      kind: 'agent',
      platform: 'linux-x64',
      name: 'pilothouse-agent-0.1.0-1a2b3c4d-linux-x64.tar.gz',
      sizeBytes: 300_000,
      sha256: 'ab'.repeat(32),
    },
    {
      kind: 'node',
      platform: 'linux-x64',
      name: 'node-20.20.2-linux-x64.tar.gz',
      sizeBytes: 40_000_000,
      sha256: 'cd'.repeat(32),
    },
    {
      kind: 'installer',
      platform: null,
      name: 'pilothouse-install-0.1.0-1a2b3c4d.sh',
      sizeBytes: 20_000,
      sha256: 'ef'.repeat(32),
    },
  ],
};
