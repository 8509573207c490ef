import { auditAnchorSchema, signedKeysetSchema } from '@pilothouse/protocol';
import { z } from 'zod';

/** What the control plane sends down the `instructions` subscription. Nothing in it is trusted before its signature. */
export const instructionSchema = z.discriminatedUnion('__typename', [
  z.object({
    __typename: z.literal('EnvelopeInstruction'),
    deliveryId: z.string().min(1).max(128),
    bytes: z.base64(),
    keyId: z.string().max(64),
    envelopeSignature: z.base64(),
  }),
  z.object({ __typename: z.literal('KeysetInstruction'), ...signedKeysetSchema.shape }),
  z.object({ __typename: z.literal('AnchorInstruction'), ...auditAnchorSchema.shape }),
]);
export type Instruction = z.infer<typeof instructionSchema>;
export type EnvelopeInstruction = Extract<Instruction, { __typename: 'EnvelopeInstruction' }>;
