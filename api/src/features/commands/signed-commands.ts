import type { CommandEntity } from '@pilothouse/db';
import { readEnvelope, type CommandIntent, type CommandKey, type EnvelopeProblem } from '@pilothouse/protocol';
import type { EnvelopeSeal } from './envelope.seal.js';

/** Finds what a command was signed as: its readable columns prove nothing. */
export class SignedCommands {
  constructor(
    private readonly parts: {
      seal: EnvelopeSeal;
      /** Every command key that the root key has ever vouched for. */
      commandKeys: () => Promise<readonly CommandKey[]>;
    },
  ) {}

  /** What was signed for this very command, secrets and all; else what is wrong with what is stored. */
  async find(command: CommandEntity): Promise<CommandIntent | EnvelopeProblem> {
    const { seal, commandKeys } = this.parts;
    const { id, workspaceId, serverId, envelope, envelopeSealed, envelopeKeyId, envelopeSignature } = command;
    const bytes = seal.signedBytes({ table: 'commands', id, workspaceId, envelope, envelopeSealed });
    const read = readEnvelope({ bytes, keyId: envelopeKeyId, signature: envelopeSignature }, await commandKeys());
    if (!read.ok) return read.problem;
    const { intent } = read.envelope;
    if (intent.serverId !== serverId) return 'OTHER_SERVER';
    const isOwn = intent.id === id && intent.workspaceId === workspaceId;
    return isOwn && intent.kind === 'command' ? intent : 'BAD_SIGNATURE';
  }
}
