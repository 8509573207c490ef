/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type InstructionsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type InstructionsSubscription = { instructions:
    | { __typename: 'AnchorInstruction', workspaceId: string, sequence: number, hash: string, time: string, keyId: string, signature: string }
    | { __typename: 'EnvelopeInstruction', deliveryId: string, bytes: unknown, keyId: string, envelopeSignature: unknown }
    | { __typename: 'KeysetInstruction', rootPublicKey: string, keyset: string, signature: string }
   };

export type PublishMutationVariables = Exact<{
  frames: Array<unknown> | unknown;
}>;


export type PublishMutation = { publish: { refused: Array<{ index: number, code: string, message: string }> } };


/** An operation the agent may run: it sends the hash. The two types are for the compiler only. */
export interface PublishedOperation<Result, Variables> {
  readonly name: string;
  readonly hash: string;
  readonly document: string;
  readonly __types?: (variables: Variables) => Result;
}

export const InstructionsOperation: PublishedOperation<InstructionsSubscription, InstructionsSubscriptionVariables> = {
  "name": "Instructions",
  "hash": "4c32c55c1a6359a3a0fc371862d30ae56e1e3634f71b3d3995c9aea1e58147e4",
  "document": "subscription Instructions {\n  instructions {\n    __typename\n    ... on EnvelopeInstruction {\n      deliveryId\n      bytes\n      keyId\n      envelopeSignature: signature\n    }\n    ... on KeysetInstruction {\n      rootPublicKey\n      keyset\n      signature\n    }\n    ... on AnchorInstruction {\n      workspaceId\n      sequence\n      hash\n      time\n      keyId\n      signature\n    }\n  }\n}"
};

export const PublishOperation: PublishedOperation<PublishMutation, PublishMutationVariables> = {
  "name": "Publish",
  "hash": "04d26708132266a98478bf1c6c23d99f34ae431cfdd250c807c0bce9fe421446",
  "document": "mutation Publish($frames: [AgentFrameInput!]!) {\n  publish(frames: $frames) {\n    refused {\n      index\n      code\n      message\n    }\n  }\n}"
};
