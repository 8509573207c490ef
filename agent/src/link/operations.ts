import { sha256Hex, type AgentFrame } from '@pilothouse/protocol';

/** A published operation: the control plane knows its text, the agent sends only the hash. */
export interface PublishedOperation {
  name: string;
  hash: string;
}

export interface PublishVariables {
  frames: readonly AgentFrame[];
}

/** Frames that are for good refused; every other frame of the mutation is committed. */
export interface PublishReceipt {
  refused: readonly { index: number; code: string; message: string }[];
}

/** The texts of `agent/protocol/operations/*.graphql` as graphql prints them; a test compares. */
const DOCUMENTS = {
  Publish: `mutation Publish($frames: [AgentFrameInput!]!) {
  publish(frames: $frames) {
    refused {
      index
      code
      message
    }
  }
}`,
  Instructions: `subscription Instructions {
  instructions {
    __typename
    ... on EnvelopeInstruction {
      deliveryId
      bytes
      keyId
      envelopeSignature: signature
    }
    ... on KeysetInstruction {
      rootPublicKey
      keyset
      signature
    }
    ... on AnchorInstruction {
      workspaceId
      sequence
      hash
      time
      keyId
      signature
    }
  }
}`,
} as const;

export const OPERATION_DOCUMENTS: Readonly<Record<string, string>> = DOCUMENTS;

function published(name: keyof typeof DOCUMENTS): PublishedOperation {
  return { name, hash: sha256Hex(DOCUMENTS[name]) };
}

export const PUBLISH = published('Publish');
export const INSTRUCTIONS = published('Instructions');
