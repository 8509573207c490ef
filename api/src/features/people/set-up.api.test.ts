import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMPLETE_SETUP, OWNER, PeopleHarness, SESSIONS } from '../../testing/people-harness.js';

let harness: PeopleHarness;
beforeAll(async () => void (harness = await PeopleHarness.start()));
afterAll(() => harness.stop());

const complete = (input: object) => harness.ask(COMPLETE_SETUP, { variables: { input: { ...OWNER, ...input } } });
const CHECK = `mutation ($code: String!) { checkSetupCode(input: { code: $code }) {
  __typename ... on SetupState { completed } ... on SetupRefused { completed message } } }`;
const check = async (code: string | null) => (await harness.ask(CHECK, { variables: { code } })).data.checkSetupCode;
const isCompleted = async () => (await harness.ask('{ setup { completed } }')).data.setup.completed;

test('a code that was never printed sets nothing up and goes on record', async () => {
  await harness.people.setUp.offerCode();
  const { data, cookie } = await complete({ code: 'AAAA-BBBB-CCCC' });
  expect(data.completeSetup).toMatchObject({ __typename: 'SetupRefused', code: 'SETUP_REFUSED' });
  expect(cookie).toBeUndefined();
  expect(await isCompleted()).toBe(false);
  expect(await harness.sql('select action from audit_entries')).toEqual([{ action: 'set-up-refused' }]);
});

test('only the code printed last at a place counts', async () => {
  const before = await harness.people.setUp.offerCode();
  await harness.people.setUp.offerCode();
  const { data } = await complete({ code: before });
  expect(data.completeSetup.__typename).toBe('SetupRefused');
});

test('a code is looked at without being spent, and a wrong one is told from set-up that is done', async () => {
  const code = await harness.people.setUp.offerCode();
  expect(await check(code)).toEqual({ __typename: 'SetupState', completed: false });
  expect(await check(code)).toEqual({ __typename: 'SetupState', completed: false });
  expect(await check('AAAA-BBBB-CCCC')).toEqual({
    __typename: 'SetupRefused',
    completed: false,
    message: 'The set-up code is wrong. It is printed at every start; only the newest counts.',
  });
  const tries = await harness.sql(`select 1 from audit_entries where action = 'set-up-refused'`);
  await check('AAAA-BBBB-CCCC');
  expect(await harness.sql(`select 1 from audit_entries where action = 'set-up-refused'`)).toHaveLength(
    tries.length + 1,
  );
});

test.each([
  ['a short password', { password: 'elevenchars' }],
  ['the e-mail address as password', { email: 'a.long.name@example.test', password: 'A.long.name@example.test' }],
  ['a password over 1 KiB', { password: 'x'.repeat(1025) }],
  ['no e-mail address', { email: 'owner' }],
  ['an empty name', { displayName: '  ' }],
  ['a name of 101 characters', { workspaceName: 'x'.repeat(101) }],
  ['a NUL byte', { workspaceName: 'a\0b' }],
])('refuses %s and does not spend the code', async (_what, wrong) => {
  const code = await harness.people.setUp.offerCode();
  expect(await complete({ code, ...wrong })).toMatchObject({ data: null, code: 'BAD_USER_INPUT' });
  expect(await isCompleted()).toBe(false);
});

test('50 set-ups at once with the right code make exactly one owner, who is signed in', async () => {
  const code = await harness.people.setUp.offerCode();
  const typed = ` ${code?.toLowerCase().replaceAll('-', ' ')} `;
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => complete({ code: typed, email: `owner${n}@example.test` })),
  );
  const winners = answers.filter(({ data }) => data.completeSetup.__typename === 'SignedIn');
  expect(winners).toHaveLength(1);
  expect(answers.filter(({ data }) => data.completeSetup.__typename === 'SetupRefused')).toHaveLength(49);
  expect(await harness.sql('select role, name from memberships join workspaces w on w.id = workspace_id')).toEqual([
    { role: 'OWNER', name: 'Fleet' },
  ]);
  expect(await harness.sql('select 1 from users')).toHaveLength(1);
  const [winner] = winners;
  expect(winner?.data.completeSetup.token).toBeNull();
  const { data } = await harness.ask(SESSIONS, { credential: winner?.cookie });
  expect(data.sessions.nodes).toEqual([expect.objectContaining({ client: 'BROWSER', isCurrent: true })]);
});

test('set-up closes for ever: no code is offered and none is taken', async () => {
  expect(await harness.people.setUp.offerCode()).toBeNull();
  expect(await isCompleted()).toBe(true);
  const { data } = await complete({ code: 'AAAA-BBBB-CCCC', email: 'second@example.test' });
  expect(data.completeSetup.__typename).toBe('SetupRefused');
  expect(await check('AAAA-BBBB-CCCC')).toMatchObject({ __typename: 'SetupRefused', completed: true });
});

test('the owner is on record on the chain of the installation', async () => {
  const rows = await harness.sql(`select chain, target_kind from audit_entries where action = 'set-up-completed'`);
  expect(rows).toEqual([{ chain: 'installation', target_kind: 'USER' }]);
});

test('the tries of one address are limited', async () => {
  const limited = await PeopleHarness.start(undefined, { signInAddress: { points: 3, seconds: 300 } });
  const tryOnce = (address: string) =>
    limited.ask(COMPLETE_SETUP, { address, variables: { input: { ...OWNER, code: 'AAAA-BBBB-CCCC' } } });
  const checkOnce = (address: string) => limited.ask(CHECK, { address, variables: { code: 'AAAA-BBBB-CCCC' } });
  for (let n = 0; n < 2; n += 1) expect((await tryOnce('192.0.2.7')).code).toBeUndefined();
  expect((await checkOnce('192.0.2.7')).code).toBeUndefined();
  expect((await tryOnce('192.0.2.7')).code).toBe('RATE_LIMITED');
  expect((await checkOnce('192.0.2.7')).code).toBe('RATE_LIMITED');
  expect((await tryOnce('192.0.2.8')).code).toBeUndefined();
  await limited.stop();
});

test('a socket, which cannot carry the cookie, gets no session', async () => {
  const answer = await harness.ask(COMPLETE_SETUP, {
    withoutCookies: true,
    variables: { input: { ...OWNER, code: 'AAAA-BBBB-CCCC' } },
  });
  expect(answer.code).toBe('BAD_USER_INPUT');
});
