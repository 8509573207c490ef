import { buildSchema } from 'graphql';

/** The agent's schema of protocol version 1, as the control plane serves it. */
export const agentSchema = buildSchema(`
  scalar Base64
  type Query { protocolVersion: Int! }
  type Mutation { publish(frames: [AgentFrameInput!]!): PublishReceipt! }
  type PublishReceipt { refused: [FrameRefusal!]! }
  type FrameRefusal { index: Int! code: String! message: String! }
  type Subscription { instructions: Instruction! }
  union Instruction = EnvelopeInstruction | KeysetInstruction | AnchorInstruction
  type EnvelopeInstruction { deliveryId: ID! bytes: Base64! keyId: String! signature: Base64! }
  type KeysetInstruction { rootPublicKey: String! keyset: String! signature: String! }
  type AnchorInstruction {
    workspaceId: ID! sequence: Int! hash: String! time: String! keyId: String! signature: String!
  }
  scalar AgentFrameInput
`);
