import { randomUUID } from 'node:crypto';
import { API_LIMITS } from '@pilothouse/protocol';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi } from '../testing/index.js';
import { TRANSPORTS, type Caller, type Outcome } from './testing/transports.js';

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await TestApi.start();
  ({ token } = await api.setUp());
});
afterAll(() => api.stop());

const PROBE = '{ workspace { id } }';
const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }';

const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');
const nested = (levels: number): string => (levels === 1 ? 'me' : `me { ${nested(levels - 1)} }`);
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

describe.each(TRANSPORTS)('over $name', ({ name, call }) => {
  let caller: Caller;
  beforeEach(async () => void (caller = await call(api.origin, token)));
  afterEach(() => caller.end());

  const ask = (query: string, variables: Record<string, unknown> = {}) => caller.ask({ query, variables });

  async function expectFault(answer: Outcome, code: string, sentence: RegExp): Promise<void> {
    expect(answer.errors?.map(({ message }) => message).join('\n')).toMatch(sentence);
    expect(new Set(answer.errors?.map(({ extensions }) => extensions.code))).toEqual(new Set([code]));
    expect(answer.errors?.every(({ extensions }) => /^[0-9a-f-]{36}$/.test(extensions.requestId ?? ''))).toBe(true);
    expect(answer.data ?? null).toBeNull();
    expect(answer.status).toBe(name === 'HTTP' ? 400 : undefined);
    expect((await ask(PROBE)).data.workspace.id).toBeTruthy();
  }

  describe('a limit', () => {
    test.each([
      ['32 aliases', aliased(API_LIMITS.maxAliases)],
      ['32 directives', directed(API_LIMITS.maxDirectives)],
      ['2,000 tokens', ofTokens(API_LIMITS.maxTokens)],
      ['a document of 64 KiB', ofBytes(API_LIMITS.maxDocumentBytes)],
      ['a cost of 19,801', ofPages(200, 98)],
      ['1,536 selections by fragments', doubling(9)],
      ['introspection as tools ask for it', getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true })],
    ])('allows %s', async (_what, query) => {
      expect((await ask(query)).errors).toBeUndefined();
    });

    test.each([
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
    ])('refuses %s', async (_what, query, code, sentence) => {
      await expectFault(await ask(query), code, sentence);
    });

    test('lets a document be 12 levels deep and not 13', async () => {
      const told = async (levels: number) =>
        (await ask(`{ ${nested(levels)} }`)).errors?.map(({ message }) => message).join();
      expect(await told(API_LIMITS.maxDepth)).not.toMatch(/deeply/);
      expect(await told(API_LIMITS.maxDepth + 1)).toMatch(/nested too deeply: at most 12 levels/);
    });

    test('counts what variables ask for', async () => {
      const query = `query ($first: Int!) { servers(first: $first) { nodes { ${times(99, () => 'id')} } } }`;
      expect((await ask(query, { first: 199 })).errors).toBeUndefined();
      await expectFault(await ask(query, { first: 200 }), 'BAD_USER_INPUT', /costs 20001/);
    });
  });

  describe('an abusive document is refused', () => {
    test.each([
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
    ])('%s', async (_what, query, sentence) => {
      await expectFault(await ask(query), 'GRAPHQL_VALIDATION_FAILED', sentence);
    });

    test.each([
      ['nothing but a brace', '{', /Syntax Error/],
      ['1,000 open braces', '{'.repeat(1000), /Syntax Error/],
      ['a NUL byte', '{ setup \0 { completed } }', /Syntax Error/],
      ['half of a surrogate pair', '{ setup \ud800 { completed } }', /Syntax Error/],
    ])('%s', async (_what, query, sentence) => {
      await expectFault(await ask(query), 'GRAPHQL_PARSE_FAILED', sentence);
    });

    test('several operations without saying which, or one that is not there', async () => {
      const query = 'query A { setup { completed } } query B { setup { completed } }';
      await expectFault(await caller.ask({ query }), 'OPERATION_RESOLUTION_FAILURE', /operation/i);
      await expectFault(
        await caller.ask({ query, operationName: 'C' }),
        'OPERATION_RESOLUTION_FAILURE',
        /Unknown operation named "C"/,
      );
      await expectFault(
        await caller.ask({ query: PROBE, operationName: 'C' }),
        'OPERATION_RESOLUTION_FAILURE',
        /Unknown operation named "C"/,
      );
      expect((await caller.ask({ query, operationName: 'B' })).errors).toBeUndefined();
    });
  });

  describe('variables are refused', () => {
    const input = { email: 'a@example.test', password: 'canary-of-variables', client: 'CLI' };
    test.each([
      ['of another type', { input: { ...input, password: ['canary-of-variables'] } }, /not one of the type "String"/],
      ['that are missing', {}, /required type "SignInInput!" was not provided/],
      ['that are null', { input: null }, /must not be null/],
      ['with a field that is unknown', { input: { ...input, admin: true } }, /Field "admin" is not defined/],
      [
        'with __proto__',
        {
          input: JSON.parse(
            '{ "__proto__": { "admin": true }, "email": "a", "password": "canary-of-variables", "client": "CLI" }',
          ),
        },
        /Field "__proto__" is not defined/,
      ],
      [
        'that are a list for an object',
        { input: [input] },
        /Field "email"|not defined|to be an object|was not provided/,
      ],
      ['nested 1,000 levels deep', { input: JSON.parse(`${'{"input":'.repeat(1000)}1${'}'.repeat(1000)}`) }, /Field/],
    ])('%s', async (_what, variables, sentence) => {
      const answer = await ask(SIGN_IN, variables);
      await expectFault(answer, 'BAD_USER_INPUT', sentence);
      expect(JSON.stringify(answer)).not.toContain('canary-of-variables');
      expect(api.logged.join('')).not.toContain('canary-of-variables');
    });

    test('that would make an argument null which must not be', async () => {
      const answer = await ask('query ($first: Int) { servers(first: $first) { nodes { id } } }', { first: null });
      expect(answer.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    });

    test('named like parts of a prototype do nothing', async () => {
      const variables = JSON.parse(
        '{ "__proto__": { "first": 1 }, "constructor": { "prototype": { "first": 1 } } }',
      ) as Record<string, unknown>;
      expect((await ask(PROBE, variables)).errors).toBeUndefined();
      expect(({} as { first?: unknown }).first).toBeUndefined();
    });
  });

  describe('what goes wrong inside', () => {
    /** Makes a table vanish while something is asked. */
    async function without(table: string, work: () => Promise<void>): Promise<void> {
      await api.sql(`alter table ${table} rename to gone`);
      try {
        await work();
      } finally {
        await api.sql(`alter table gone rename to ${table}`);
      }
    }

    const loggedFor = (requestId: string | undefined) =>
      api.logged
        .map(
          (line) => JSON.parse(line) as { level: number; requestId?: string; err?: { message: string; stack: string } },
        )
        .filter((line) => line.requestId === requestId);

    test('in a resolver is INTERNAL to the client and whole in the log, under the same request id', async () => {
      await without('server_groups', async () => {
        const { errors } = await ask('{ serverGroups { nodes { id } } }');
        const { requestId, ...others } = errors![0]!.extensions;
        expect(others).toEqual({ code: 'INTERNAL' });
        expect(errors![0]!.message).toBe(`Something went wrong on our side. Quote the request id ${requestId}.`);
        expect(JSON.stringify(errors)).not.toMatch(/server_groups|relation|select|typeorm/i);
        const [line] = loggedFor(requestId);
        expect(line).toMatchObject({ level: 50, err: { message: expect.stringContaining('server_groups') } });
        expect(line!.err!.stack).toContain('at ');
      });
    });

    test('in a resolver that says no is told and logged as the fault it is', async () => {
      const { errors } = await ask('query ($id: ID!) { server(id: $id) { id } }', { id: randomUUID() });
      expect(errors).toMatchObject([
        { message: 'The server was not found.', path: ['server'], extensions: { code: 'NOT_FOUND' } },
      ]);
      expect(loggedFor(errors![0]!.extensions.requestId)).toMatchObject([{ level: 30, fault: 'NOT_FOUND' }]);
    });

    test('before a request is known is not told either', async () => {
      await without('sessions', async () => {
        const failure = await call(api.origin, token).then(
          (other) => other.ask({ query: PROBE }),
          (error: Error) => error.message,
        );
        expect(JSON.stringify(failure)).not.toMatch(/sessions|relation|creation failed/i);
        if (name === 'HTTP')
          expect(failure).toMatchObject({ status: 500, errors: [{ extensions: { code: 'INTERNAL' } }] });
        else expect(failure).toMatch(/^Closed with 4\d\d\d$/);
      });
    });
  });

  test('several operations in one request are refused', async () => {
    const answer = await caller.ask([{ query: PROBE }, { query: PROBE }]);
    if (name === 'HTTP')
      expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: expect.stringMatching(/^BAD_/) } }] });
    else expect(answer).toEqual({ closed: 4400 });
    expect(answer.data).toBeUndefined();
  });
});
