import { createPubSub } from '@graphql-yoga/subscription';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';

/** The schema of resolvers that are made already, without authorisation: see `enforceAuthorisation`. */
export function buildResolverSchema(resolvers: readonly object[]): Promise<GraphQLSchema> {
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  return buildSchema({
    resolvers: [...byClass.keys()] as unknown as NonEmptyArray<() => void>,
    container: { get: (resolverClass) => byClass.get(resolverClass) },
    validate: false,
    // type-graphql wants one as soon as there is a subscription; ours all follow the database instead.
    pubSub: createPubSub(),
  });
}
