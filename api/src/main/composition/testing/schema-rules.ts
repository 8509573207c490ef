import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLType,
} from 'graphql';

type Output = GraphQLField<unknown, unknown>;
type Given = GraphQLArgument | GraphQLInputField;

interface Member<Part> {
  place: string;
  part: Part;
  parent: GraphQLNamedType;
}

/** What docs/api.md promises of the schema's form, as one sentence for each place that breaks it. */
export function breachesOf(schema: GraphQLSchema): string[] {
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));
  const outputs = types.flatMap(outputsOf);
  const given = [...types.flatMap(inputsOf), ...outputs.flatMap(argumentsOf)];
  return [
    ...types.flatMap((type) => undescribed(type.name, type)),
    ...[...outputs, ...given].flatMap(({ place, part }) => undescribed(place, part)),
    ...types.flatMap(enumBreaches),
    ...[...outputs, ...given].flatMap(({ place, part }) => typeBreaches(place, part)),
    ...given.flatMap((member) => givenBreaches(schema, member)),
    ...outputs.flatMap(listBreaches),
    ...fieldsOf(schema.getMutationType()).flatMap((field) => mutationBreaches(schema, field)),
    ...fieldsOf(schema.getSubscriptionType()).flatMap(subscriptionBreaches),
  ];
}

const fieldsOf = (type: GraphQLObjectType | null | undefined): Output[] => Object.values(type?.getFields() ?? {});

function outputsOf(type: GraphQLNamedType): Member<Output>[] {
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).map((part) => ({ place: `${type.name}.${part.name}`, part, parent: type }));
}

function inputsOf(type: GraphQLNamedType): Member<Given>[] {
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields()).map((part) => ({ place: `${type.name}.${part.name}`, part, parent: type }));
}

function argumentsOf({ place, part, parent }: Member<Output>): Member<Given>[] {
  return part.args.map((argument) => ({ place: `${place}(${argument.name})`, part: argument, parent }));
}

function undescribed(place: string, { description }: { description?: string | null | undefined }): string[] {
  return description ? [] : [`${place} has no description`];
}

function enumBreaches(type: GraphQLNamedType): string[] {
  if (!isEnumType(type)) return [];
  return type.getValues().flatMap((value) => {
    const place = `${type.name}.${value.name}`;
    const isCapital = /^[A-Z][A-Z0-9_]*$/.test(value.name);
    return [...undescribed(place, value), ...(isCapital ? [] : [`${place} is not in capitals`])];
  });
}

const TIME = /(^at|At|Since|Until|^from|^to|^times)$/;
const SPAN = /timeout|duration|pause|latency|expiresIn|retention|step[A-Z]|tier[A-Z]/i;
const UNIT = /(Ms|Seconds|Days)$/;

/** What a name says of its type, and the other way round. */
function typeBreaches(place: string, { name, type }: Output | Given): string[] {
  const named = getNamedType(type).name;
  const breaches: string[] = [];
  if (named === 'ID' && !/(^id|Ids?)$/.test(name)) breaches.push(`${place} is an ID and does not say of what`);
  if (/Ids?$/.test(name) && named !== 'ID') breaches.push(`${place} is called an id and is none`);
  if ((named === 'DateTime') !== TIME.test(name)) breaches.push(`${place} is not called as times are`);
  if (isNumber(named) && SPAN.test(name) && !UNIT.test(name)) breaches.push(`${place} does not say its unit`);
  if (hasNullableItems(type) && named !== 'Float') breaches.push(`${place} is a list with gaps`);
  return breaches;
}

const isNumber = (type: string) => ['Int', 'Float', 'SafeInt'].includes(type);

function hasNullableItems(type: GraphQLType): boolean {
  const list = getNullableType(type);
  return isListType(list) && !isNonNullType(list.ofType);
}

function givenBreaches(schema: GraphQLSchema, { place, part, parent }: Member<Given>): string[] {
  const { name, type } = part;
  const breaches: string[] = [];
  if (/^ids?$/.test(name) && parent !== schema.getQueryType())
    breaches.push(`${place} does not say of what it is an id`);
  if (part.defaultValue !== undefined && !isNonNullType(type)) breaches.push(`${place} has a default and can be null`);
  if (name === 'idempotencyKey' && String(type) !== 'String!') breaches.push(`${place} can be left out`);
  return breaches;
}

/** A list without an end is a connection, and every connection is asked for alike. */
function listBreaches({ place, part }: Member<Output>): string[] {
  if (!getNamedType(part.type).name.endsWith('Connection')) return [];
  const named = new Map(part.args.map((argument) => [argument.name, String(argument.type)]));
  const isPaged = named.get('first') === 'Int!' && named.get('after') === 'String';
  const others = [...named].filter(([name, type]) => !isUsual(name, type));
  return [
    ...(isPaged ? [] : [`${place} is not paged by first and after`]),
    ...others.map(([name]) => `${place}(${name}) belongs into its filter`),
  ];
}

function isUsual(name: string, type: string): boolean {
  if (name === 'filter') return type.endsWith('FilterInput');
  return ['first', 'after', 'orderBy'].includes(name);
}

/** What makes or runs something that a repeated request would make or run twice. */
const MAKING = /^(create|run|rerun|invite)[A-Z]/;

function mutationBreaches(schema: GraphQLSchema, { name, args, type }: Output): string[] {
  const place = `Mutation.${name}`;
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  const breaches: string[] = [];
  const [input] = args;
  const isOneInput = args.length === 1 && input?.name === 'input' && String(input.type) === `${capital}Input!`;
  if (input && !isOneInput) breaches.push(`${place} does not take one input: ${capital}Input!`);
  const isKeyed = input && 'idempotencyKey' in inputFieldsOf(getNamedType(input.type));
  if (MAKING.test(name) && !isKeyed) breaches.push(`${place} takes no idempotencyKey`);
  if (String(type) !== `${capital}Result!`) return [...breaches, `${place} does not give ${capital}Result!`];
  return [...breaches, ...resultBreaches(schema, getNamedType(type))];
}

function inputFieldsOf(type: GraphQLNamedType): object {
  return isInputObjectType(type) ? type.getFields() : {};
}

function resultBreaches(schema: GraphQLSchema, result: GraphQLNamedType): string[] {
  if (!isUnionType(result)) return [`${result.name} is no union`];
  const refusal = schema.getType('Refusal');
  const things = result.getTypes().filter((type) => !type.getInterfaces().some((each) => each === refusal));
  return things.length === 1 ? [] : [`${result.name} does not hold one thing beside its refusals`];
}

function subscriptionBreaches({ name, type }: Output): string[] {
  const event = getNamedType(type);
  const seq = isObjectType(event) ? event.getFields()['seq'] : undefined;
  return String(seq?.type) === 'SafeInt!' ? [] : [`Subscription.${name} has events without seq`];
}
