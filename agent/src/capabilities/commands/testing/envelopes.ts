import { randomUUID } from 'node:crypto';
import {
  generateSigningKey,
  signWritten,
  writeIntent,
  type CommandArguments,
  type CommandIntent,
  type EnvelopeExpectation,
  type Intent,
  type Program,
  type SignedEnvelope,
} from '@pilothouse/protocol';

/** What a test wants to be different from an ordinary command. */
export type CommandWish = Partial<Omit<CommandIntent, 'kind' | 'arguments' | 'limits'>> & {
  program?: Program;
  arguments?: Partial<CommandArguments>;
  limits?: Partial<CommandIntent['limits']>;
};

export interface Delivery {
  deliveryId: string;
  envelope: SignedEnvelope;
}

export function sh(script: string): Program {
  return { type: 'script', interpreter: 'sh', script };
}

export function argv(...list: string[]): Program {
  return { type: 'argv', argv: list };
}

/** A pretended control plane: signs instructions for one server. */
export class InstructionSigner {
  generation = 1;
  private sequence = 0;
  private readonly workspaceId = randomUUID();

  constructor(
    readonly commandKey = generateSigningKey(),
    readonly serverId: string = randomUUID(),
  ) {}

  expectation(now = new Date()): EnvelopeExpectation {
    const { keyId, publicKey } = this.commandKey;
    return { commandKeys: [{ keyId, publicKey }], serverId: this.serverId, generation: this.generation, now };
  }

  command(wish: CommandWish): Delivery {
    const { program = argv('true'), arguments: wishedArguments, limits, ...rest } = wish;
    return this.sign({
      ...this.common(),
      ...rest,
      kind: 'command',
      arguments: {
        program,
        workingDirectory: '/tmp',
        user: null,
        environment: {},
        stdin: null,
        priority: 0,
        ...wishedArguments,
      },
      limits: { timeoutMs: 60_000, concurrency: 4, keptHeadBytes: 1 << 20, keptTailBytes: 4 << 20, ...limits },
      idempotent: rest.idempotent ?? false,
    });
  }

  cancel(commandId: string, wish: Partial<Intent> = {}): Delivery {
    return this.sign({ ...this.common(), ...wish, kind: 'cancel', arguments: { commandId } } as Intent);
  }

  sign(intent: Intent): Delivery {
    const audit = { sequence: 1, hash: '0'.repeat(64) };
    return { deliveryId: intent.id, envelope: signWritten(this.commandKey, writeIntent(intent), audit) };
  }

  private common() {
    this.sequence += 1;
    return {
      version: 1 as const,
      id: randomUUID(),
      serverId: this.serverId,
      workspaceId: this.workspaceId,
      generation: this.generation,
      sequence: this.sequence,
      issuedAt: new Date(Date.now() - 1000).toISOString(),
      notBefore: new Date(Date.now() - 1000).toISOString(),
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      scopes: [],
      actor: { kind: 'USER' as const, id: randomUUID() },
      approvalDigest: null,
    };
  }
}
