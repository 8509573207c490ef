import type { PublishMutation } from './operations.generated.js';

/** Frames that are for good refused; every other frame of the mutation is committed. */
export type PublishReceipt = PublishMutation['publish'];

/** What came of an operation: data or GraphQL errors. */
export interface Answer<Data> {
  data?: Data | null;
  errors?: readonly { message: string; extensions?: { code?: unknown } }[];
}

/** A GraphQL error as the control plane reports it; `code` as in its extensions. */
export class PublishError extends Error {
  override name = 'PublishError';
  constructor(
    message: string,
    readonly code: string | null,
  ) {
    super(message);
  }
}

/** Why an operation that has ended gave nothing. */
export function failureOf(answer: Answer<unknown> | null): Error {
  if (!answer) return new Error('The connection ended before the answer');
  return new PublishError(messageOf(answer), codeOf(answer.errors));
}

export function messageOf({ errors }: Answer<unknown>): string {
  return errors?.map(({ message }) => message).join('; ') ?? 'no reason given';
}

/** graphql-ws gives a list of GraphQL errors, an error, or the close event. */
export function describeFailure(failure: unknown): string {
  if (Array.isArray(failure)) return messageOf({ errors: failure });
  if (failure instanceof Error) return failure.message;
  return 'the connection ended';
}

export function codeOf(failure: unknown): string | null {
  const [first] = Array.isArray(failure) ? (failure as { extensions?: { code?: unknown } }[]) : [];
  return typeof first?.extensions?.code === 'string' ? first.extensions.code : null;
}
