import {
  execute,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  parse,
  subscribe,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { v4 as uuidv4 } from 'uuid';
import { Fault } from '../../kernel/fault.js';
import type { RequestContext } from '../../kernel/request-context.js';

const ROOTS = ['Query', 'Mutation', 'Subscription'] as const;
export type Root = (typeof ROOTS)[number];

export interface RootField {
  root: Root;
  field: GraphQLField<unknown, RequestContext>;
  name: string;
}

export function rootFields(schema: GraphQLSchema): RootField[] {
  return ROOTS.flatMap((root) => {
    const type = schema.getType(root);
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    return fields.map((field) => ({ root, field, name: `${root}.${field.name}` }));
  });
}

/** What stands at one place of the arguments: `input.target.serverIds`. Undefined: what its type calls for. */
export type Chooser = (place: string) => unknown;

const DAY_MS = 86_400_000;

/** Texts that must look like something, by the name of their argument. */
const TEXTS: Readonly<Record<string, () => unknown>> = {
  email: () => `${uuidv4()}@example.test`,
  password: () => 'a password nobody has',
  newPassword: () => 'a password nobody has',
  tag: () => 'tag',
  from: () => new Date(Date.now() - DAY_MS).toISOString(),
  to: () => new Date().toISOString(),
  argv: () => ['true'],
};

/** Well-formed arguments: what is required, and what is chosen. */
export function argumentsOf(field: GraphQLField<unknown, RequestContext>, choose: Chooser = () => undefined) {
  const values = field.args.map(({ name, type, defaultValue }) => {
    const isNeeded = isNonNullType(type) && defaultValue === undefined;
    return [name, valueOf({ type, name, place: name, isNeeded }, choose)] as const;
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Record<string, unknown>;
}

interface Wanted {
  type: GraphQLInputType;
  name: string;
  place: string;
  isNeeded: boolean;
}

function valueOf({ type, name, place, isNeeded }: Wanted, choose: Chooser): unknown {
  const chosen = choose(place);
  if (chosen !== undefined) return isListType(isNonNullType(type) ? type.ofType : type) ? [chosen] : chosen;
  if (isNonNullType(type)) return valueOf({ type: type.ofType, name, place, isNeeded }, choose);
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    const members = Object.values(named.getFields()).map((member) => {
      const needed = isNonNullType(member.type) && member.defaultValue === undefined;
      const wanted = { type: member.type, name: member.name, place: `${place}.${member.name}`, isNeeded: needed };
      return [member.name, valueOf(wanted, choose)] as const;
    });
    const given = Object.fromEntries(members.filter(([, value]) => value !== undefined));
    return isNeeded || Object.keys(given).length > 0 ? given : undefined;
  }
  if (name === 'argv' || (isNeeded && TEXTS[name])) return TEXTS[name]?.();
  if (!isNeeded) return undefined;
  const value = isEnumType(named) ? named.getValues()[0]!.name : SCALARS[named.name]?.();
  return isListType(type) ? [value] : value;
}

const SCALARS: Readonly<Record<string, () => unknown>> = {
  ID: () => uuidv4(),
  String: () => `text ${uuidv4()}`,
  Int: () => 1,
  SafeInt: () => 1,
  Boolean: () => false,
  DateTime: () => new Date().toISOString(),
  Base64: () => '',
};

/** Every place of a field's arguments where an id can stand. */
export function idPlaces(field: GraphQLField<unknown, RequestContext>): string[] {
  const walk = (type: GraphQLInputType, place: string): string[] => {
    const named = getNamedType(type);
    if (isInputObjectType(named)) {
      return Object.values(named.getFields()).flatMap((member) => walk(member.type, `${place}.${member.name}`));
    }
    // Who did something stands in audit entries as a text.
    return named.name === 'ID' || /(^|\.)actorId$/.test(place) ? [place] : [];
  };
  return field.args.flatMap(({ name, type }) => walk(type, name));
}

/** An operation of one root field; its arguments are variables, its answer everything down to `depth`. */
export function documentOf({ root, field }: RootField, variables: object, depth = 0): DocumentNode {
  const given = field.args.filter(({ name }) => name in variables);
  const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ');
  const head = `${root.toLowerCase()}${declared && `(${declared})`}`;
  return parse(`${head} { ${field.name}${passed && `(${passed})`} ${selectionOf(field.type, depth)} }`);
}

function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  if (isUnionType(named)) {
    // The same name may have another type in each member: each gets names of its own.
    const members = named
      .getTypes()
      .map((member) => `... on ${member.name} ${fieldsOf(member, depth, `${member.name}_`)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  return isInterfaceType(named) || depth < 0 ? '{ __typename }' : fieldsOf(named, depth, '');
}

function fieldsOf(
  type: { getFields(): Record<string, GraphQLField<unknown, unknown>> },
  depth: number,
  prefix: string,
): string {
  const fields = Object.values(type.getFields()).map((field) => {
    const isDeep = isCompositeType(getNamedType(field.type));
    if (isDeep && depth === 0) return '';
    return `${prefix && `${prefix}${field.name}: `}${field.name} ${selectionOf(field.type, depth - 1)}`;
  });
  return `{ __typename ${fields.join(' ')} }`;
}

/** What an operation comes to. */
export interface Result {
  data: unknown;
  /** Code of the first error; `INTERNAL` for what is not a fault. */
  code: string | undefined;
  message: string | undefined;
  /** Of a subscription that is allowed: the caller ends it. */
  events?: AsyncGenerator<ExecutionResult, void, void>;
}

export async function perform(
  schema: GraphQLSchema,
  operation: { document: DocumentNode; variables: Record<string, unknown> },
  contextValue: RequestContext,
): Promise<Result> {
  const args = { schema, document: operation.document, variableValues: operation.variables, contextValue };
  const [definition] = operation.document.definitions;
  const isSubscription = definition && 'operation' in definition && definition.operation === 'subscription';
  const result = await (isSubscription ? subscribe(args) : execute(args));
  if (Symbol.asyncIterator in result) return { data: null, code: undefined, message: undefined, events: result };
  return resultOf(result);
}

export function resultOf({ data, errors }: ExecutionResult): Result {
  const [error] = errors ?? [];
  const original = error?.originalError;
  const code = original instanceof Fault ? original.code : 'INTERNAL';
  return { data: data ?? null, code: error && code, message: error?.message };
}
