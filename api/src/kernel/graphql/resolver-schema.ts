import { createPubSub } from '@graphql-yoga/subscription';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';

/** The schema of resolvers that are made already, without authorisation: see `enforceAuthorisation`. */
export async function buildResolverSchema(resolvers: readonly object[]): Promise<GraphQLSchema> {
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const schema = await buildSchema({
    resolvers: [...byClass.keys()] as unknown as NonEmptyArray<() => void>,
    container: { get: (resolverClass) => byClass.get(resolverClass) },
    validate: false,
    // type-graphql wants one as soon as there is a subscription; ours all follow the database instead.
    pubSub: createPubSub(),
  });
  describeRoots(schema);
  return schema;
}

/** type-graphql makes the root types itself and describes none of them. */
function describeRoots(schema: GraphQLSchema): void {
  const roots = [
    [schema.getQueryType(), 'What can be asked'],
    [schema.getMutationType(), 'What can be done'],
    [schema.getSubscriptionType(), 'What can be followed as it happens'],
  ] as const;
  for (const [type, description] of roots) if (type) type.description = description;
}
