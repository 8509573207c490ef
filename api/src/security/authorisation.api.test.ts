import { CLOSE_CODES } from '@pilothouse/protocol';
import { Field, ObjectType, Query, Resolver } from 'type-graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Allow, enforceAuthorisation } from '../kernel/authorisation/index.js';
import { buildResolverSchema } from '../kernel/graphql/resolver-schema.js';
import type { RequestContext } from '../kernel/request-context.js';
import { describeSchemas } from '../main/composition/schemas.js';
import { TestApi } from '../testing/index.js';
import { AGENT_FIELDS, CALLERS, FIELD_RIGHTS, type Caller } from './field-rights.js';
import { agentContext, contextOf, seedApiToken, seedEmptyWorkspace, seedMember } from './testing/callers.js';
import { argumentsOf, documentOf, perform, rootFields } from './testing/operations.js';
import { RawSocket } from './testing/raw-socket.js';

const CONFIRMATION = {
  needed: 'needs a confirmation of the last 10 minutes',
  notNeeded: 'needs no fresh confirmation',
} as const;

const schemas = await describeSchemas();

let api: TestApi;
let workspaceId: string;
let elsewhere: string;
beforeAll(async () => {
  api = await TestApi.start();
  workspaceId = await seedEmptyWorkspace(api, 'Here');
  elsewhere = await seedEmptyWorkspace(api, 'Elsewhere');
});
afterAll(() => api.stop());

/** Somebody new each time: what they do to themselves does not change what the next one may. */
async function contextFor(caller: Caller): Promise<RequestContext> {
  const member = async (role: 'VIEWER' | 'DEPLOYER' | 'OPERATOR' | 'ADMIN' | 'OWNER', home = workspaceId) =>
    contextOf(api, (await seedMember(api, home, role)).token, workspaceId);
  const token = async (scope: 'READ' | 'RUN' | 'MANAGE') =>
    contextOf(api, (await seedApiToken(api, workspaceId, [scope])).token, workspaceId);
  const make: Record<Caller, () => Promise<RequestContext>> = {
    anonymous: () => contextOf(api, null, workspaceId),
    viewer: () => member('VIEWER'),
    deployer: () => member('DEPLOYER'),
    operator: () => member('OPERATOR'),
    admin: () => member('ADMIN'),
    owner: () => member('OWNER'),
    read: () => token('READ'),
    run: () => token('RUN'),
    manage: () => token('MANAGE'),
    agent: async () => agentContext(workspaceId),
    outsider: () => member('ADMIN', elsewhere),
  };
  return make[caller]();
}

test('every root field of both schemas stands in the table, and nothing else does', () => {
  expect(
    rootFields(schemas.user)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(Object.keys(FIELD_RIGHTS).sort());
  expect(
    rootFields(schemas.agent)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...AGENT_FIELDS].sort());
});

describe.each(rootFields(schemas.user))('$name', (root) => {
  const { field, name } = root;
  const right = FIELD_RIGHTS[name] ?? { may: [] };
  const run = async (ctx: RequestContext) => {
    const variables = argumentsOf(field);
    const result = await perform(api.controlPlane.schema, { document: documentOf(root, variables), variables }, ctx);
    await result.events?.return();
    return result;
  };

  test(`may be used by ${right.may.length === CALLERS.length ? 'anybody' : right.may.join(', ')} and nobody else`, async () => {
    const denied = ['UNAUTHENTICATED', 'FORBIDDEN', 'STEP_UP_REQUIRED'];
    const codes = await Promise.all(
      CALLERS.map(async (caller) => [caller, await run(await contextFor(caller))] as const),
    );
    expect(codes.filter(([, { code = '' }]) => !denied.includes(code)).map(([caller]) => caller)).toEqual(
      CALLERS.filter((caller) => right.may.includes(caller)),
    );
    for (const [caller, { code, data, message }] of codes) {
      expect(['INTERNAL', 'STEP_UP_REQUIRED'], `${caller}: ${message}`).not.toContain(code);
      if (denied.includes(code ?? '')) expect(Object.values((data ?? {}) as object).join('')).toBe('');
      if (caller === 'anonymous' && !right.may.includes(caller)) expect(code).toBe('UNAUTHENTICATED');
    }
  });

  test(`${right.stepUp ? CONFIRMATION.needed : CONFIRMATION.notNeeded}`, async () => {
    const { token, sessionId } = await seedMember(api, workspaceId, 'OWNER');
    await api.sql(`update sessions set stepped_up_at = now() - interval '601 seconds' where id = $1`, [sessionId]);
    const { code } = await run(await contextOf(api, token, workspaceId));
    expect(code === 'STEP_UP_REQUIRED').toBe(right.stepUp === true);
  });
});

test.each(['session', 'apiToken'] as const)('the agents’ schema is closed to a %s', async (kind) => {
  const { token } =
    kind === 'session' ? await seedMember(api, workspaceId, 'OWNER') : await seedApiToken(api, workspaceId, ['MANAGE']);
  const socket = new RawSocket(api.origin, { path: '/agent', headers: { authorization: `Bearer ${token}` } });
  await socket.open();
  socket.send({ type: 'connection_init', payload: { token } });
  socket.subscribe({ query: '{ protocolVersion }' });
  expect([CLOSE_CODES.HANDSHAKE_REFUSED.code, 4401]).toContain(await socket.closed);
  expect(socket.messages).toEqual([]);
});

describe('a schema is not served', () => {
  @ObjectType()
  class Unruled {
    @Field(() => String)
    secret!: string;
  }

  @Resolver()
  class Forgotten {
    @Query(() => Unruled)
    @Allow('installation.read')
    forgottenThing(): Unruled {
      return { secret: 'secret' };
    }

    @Query(() => String)
    forgotten(): string {
      return 'secret';
    }

    @Query(() => String)
    @Allow('PARENT')
    ofNobody(): string {
      return 'secret';
    }
  }

  test('with root fields or types that nobody gave a rule, each of which is named', async () => {
    const schema = await buildResolverSchema([new Forgotten()]);
    expect(() => enforceAuthorisation(schema)).toThrow(
      /^Fields without a rule of authorisation: (?=.*Unruled\.secret)(?=.*Query\.forgotten\b)(?=.*Query\.ofNobody)/,
    );
  });
});
