import {
  defaultFieldResolver,
  isIntrospectionType,
  isObjectType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { RequestContext } from '../request-context.js';
import type { Action } from './actions.js';
import { ruleIn } from './allow.js';
import { authorise } from './authorise.js';

type ApiField = GraphQLField<unknown, RequestContext>;

/**
 * Puts the check of its action before every resolver and subscriber of the schema.
 *
 * @throws when any field of the schema names no action: deny by default means that it cannot even be served.
 */
export function enforceAuthorisation(schema: GraphQLSchema): GraphQLSchema {
  const unclassified: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const action = actionOf(type, field);
      if (action === undefined) unclassified.push(`${type.name}.${field.name}`);
      else if (action !== 'PARENT') guardField(field, action);
    }
  }
  if (unclassified.length > 0) throw new Error(`Fields without a rule of authorisation: ${unclassified.join(', ')}`);
  return schema;
}

/** The action that stands before a field. Root fields must name one themselves. */
export function actionOf(type: GraphQLObjectType, field: ApiField): Action | 'PARENT' | undefined {
  const own = ruleIn(field.extensions);
  const isRoot = ['Query', 'Mutation', 'Subscription'].includes(type.name);
  if (isRoot) return own === 'PARENT' ? undefined : own;
  return own ?? ruleIn(type.extensions);
}

function guardField(field: ApiField, action: Action): void {
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (source, args, ctx, info) => {
    authorise(ctx, action);
    return resolve(source, args, ctx, info);
  };
  if (subscribe) {
    field.subscribe = (source, args, ctx, info) => {
      authorise(ctx, action);
      return subscribe(source, args, ctx, info);
    };
  }
}
