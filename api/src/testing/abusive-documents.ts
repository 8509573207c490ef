import { API_LIMITS } from '@pilothouse/protocol';
import { getIntrospectionQuery } from 'graphql';

/** What everybody may ask at any time. */
export const PROBE = '{ workspace { id } }';

export const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

const aliased = (count: number) => `{ ${times(count, (i) => `a${i}: setup { completed }`)} }`;
const directed = (count: number) => `{ ${times(count, () => '... @include(if: true) { setup { completed } }')} }`;
/** 10 fields of 199 tokens each, with 180 ids, two braces and 8 more make 2,000. */
const ofTokens = (count: number) =>
  `{ ${times(10, (i) => `a${i}: servers(filter: { serverIds: [${times(180, () => '"x"')}] }) { nodes { id } }`)} ${times(count - 1992, () => '__typename')} }`;
const ofBytes = (bytes: number) => PROBE + ' '.repeat(bytes - PROBE.length);
/** Costs one, and for each of `first` items one more than it has fields. */
const ofPages = (first: number, fields: number) =>
  `{ servers(first: ${first}) { nodes { ${times(fields, () => 'id')} } } }`;
/** Each fragment spreads the next one twice: as many selections as two to the power of `levels`. */
const doubling = (levels: number) =>
  `{ ...F0 } ${times(levels, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F${levels} on Query { setup { completed } }`;

/** Documents that are just within a limit. */
export const WITHIN_LIMITS: readonly [what: string, document: string][] = [
  ['32 aliases', aliased(API_LIMITS.maxAliases)],
  ['32 directives', directed(API_LIMITS.maxDirectives)],
  ['2,000 tokens', ofTokens(API_LIMITS.maxTokens)],
  ['a document of 64 KiB', ofBytes(API_LIMITS.maxDocumentBytes)],
  ['a cost of 19,801', ofPages(200, 98)],
  ['1,536 selections by fragments', doubling(9)],
  ['introspection as tools ask for it', getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true })],
];

/** Documents that are just beyond one, and what is said to them. */
export const BEYOND_LIMITS: readonly [what: string, document: string, code: string, sentence: RegExp][] = [
  ['33 aliases', aliased(API_LIMITS.maxAliases + 1), 'GRAPHQL_VALIDATION_FAILED', /too many aliases: at most 32/],
  ['33 directives', directed(API_LIMITS.maxDirectives + 1), 'GRAPHQL_VALIDATION_FAILED', /too many directives/],
  ['2,001 tokens', ofTokens(API_LIMITS.maxTokens + 1), 'GRAPHQL_PARSE_FAILED', /2000 tokens/],
  [
    'a document of 64 KiB and a byte',
    ofBytes(API_LIMITS.maxDocumentBytes + 1),
    'BAD_USER_INPUT',
    /at most 65536 bytes/,
  ],
  ['a cost of 20,001', ofPages(200, 99), 'BAD_USER_INPUT', /costs 20001; at most 20000/],
  ['3,072 selections by fragments', doubling(10), 'GRAPHQL_VALIDATION_FAILED', /selects too much: at most 2000/],
];

/** Documents that are meant to keep the api busy, and what is said to them. */
export const ABUSIVE: readonly [what: string, document: string, sentence: RegExp][] = [
  [
    'a fragment that spreads itself',
    '{ ...F } fragment F on Query { setup { completed } ...F }',
    /Cannot spread fragment/,
  ],
  [
    'fragments in a ring',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    /Cannot spread fragment/,
  ],
  ['150 fragments that double each other', doubling(150), /selects too much|repeats fields too often/],
  ['the same field over and over', `{ ${times(300, () => 'setup { completed }')} }`, /repeats fields too often/],
  [
    'introspection with aliases',
    '{ __schema { a: types { name } b: types { name } } }',
    /Introspection takes no aliases/,
  ],
  [
    'introspection with aliases in a fragment',
    '{ __schema { types { ...T } } } fragment T on __Type { a: fields { name } }',
    /no aliases/,
  ],
  [
    'introspection in circles',
    `{ __schema { types { ${times(4, () => 'fields { type {')} name ${times(4, () => '} }')} } } }`,
    /Maximum introspection depth/,
  ],
  ['unknown fields', '{ passwords }', /Cannot query field "passwords"/],
  ['unknown arguments', '{ setup(sql: "1") { completed } }', /Unknown argument "sql"/],
  ['a literal of another type', '{ servers(first: "50") { nodes { id } } }', /Int cannot represent/],
];
