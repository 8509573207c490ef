import { API_LIMITS } from '@pilothouse/protocol';
import { isListType, isNonNullType, type GraphQLOutputType } from 'graphql';
import type { ComplexityEstimator } from 'graphql-query-complexity';

/** A list without a page size is taken to have this many items. */
const ASSUMED_ITEMS = 10;

/** A field costs one, and a page or list as much as its items: a page of 200 with 5 fields each costs about 1,000. */
const byPageSize: ComplexityEstimator = ({ field, args, childComplexity }) => {
  // The schema is small and in memory; graphql's own rule bounds how deep introspection may go.
  if (field.name.startsWith('__')) return 1;
  if ('first' in args) return 1 + childComplexity * Math.max(1, Number(args.first ?? API_LIMITS.defaultPageSize));
  const multiplies = isList(field.type) && field.name !== 'nodes';
  return 1 + childComplexity * (multiplies ? ASSUMED_ITEMS : 1);
};

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

export const estimators = [byPageSize];
