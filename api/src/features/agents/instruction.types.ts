import { createUnionType, Field, ID, Int, ObjectType } from 'type-graphql';
import { Base64 } from '../../kernel/graphql/scalars.js';

@ObjectType({ description: 'A signed instruction. The same one may come again until it is confirmed.' })
export class EnvelopeInstruction {
  @Field(() => ID, { description: 'Id of the command or instruction' })
  deliveryId!: string;

  @Field(() => Base64, { description: 'The exact signed bytes' })
  bytes!: Buffer;

  @Field(() => String, { description: 'Which command key signed them' })
  keyId!: string;

  @Field(() => Base64, { description: 'Ed25519 signature' })
  signature!: Buffer;
}

@ObjectType({ description: 'A newer keyset, signed by the root key' })
export class KeysetInstruction {
  @Field(() => String, { description: 'Raw root public key, base64url' })
  rootPublicKey!: string;

  @Field(() => String, { description: 'The exact signed bytes, base64' })
  keyset!: string;

  @Field(() => String, { description: 'Ed25519 signature, base64' })
  signature!: string;
}

@ObjectType({ description: 'A signed place of the workspace’s audit chain, for keeping' })
export class AnchorInstruction {
  @Field(() => ID, { description: 'The workspace' })
  workspaceId!: string;

  @Field(() => Int, { description: 'Number of the entry' })
  sequence!: number;

  @Field(() => String, { description: 'Hash of the entry, hexadecimal' })
  hash!: string;

  @Field(() => String, { description: 'When it was signed, ISO 8601' })
  time!: string;

  @Field(() => String, { description: 'Which command key signed it' })
  keyId!: string;

  @Field(() => String, { description: 'Ed25519 signature, base64' })
  signature!: string;
}

export const Instruction = createUnionType({
  name: 'Instruction',
  description: 'What the control plane sends to an agent',
  types: () => [EnvelopeInstruction, KeysetInstruction, AnchorInstruction] as const,
});
