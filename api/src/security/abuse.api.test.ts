import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ABUSIVE, PROBE, TestApi } from '../testing/index.js';
import { describeLimits, expectFaultOver } from './testing/limits.suite.js';
import { TRANSPORTS, type Caller, type Outcome } from './testing/transports.js';

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await TestApi.start();
  ({ token } = await api.setUp());
});
afterAll(() => api.stop());

const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }';

describe.each(TRANSPORTS)('over $name', ({ name, call }) => {
  let caller: Caller;
  beforeEach(async () => void (caller = await call(api.origin, token)));
  afterEach(() => caller.end());

  const ask = (query: string, variables: Record<string, unknown> = {}) => caller.ask({ query, variables });

  const expectFault = (answer: Outcome, code: string, sentence: RegExp) =>
    expectFaultOver(name, caller, { answer, code, sentence });

  describeLimits(() => caller, name);

  describe('an abusive document is refused', () => {
    test.each(ABUSIVE)('%s', async (_what, query, sentence) => {
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
