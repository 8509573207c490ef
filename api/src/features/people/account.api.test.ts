import { SESSION_LIMITS } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  PASSWORD,
  PeopleHarness,
  recorded,
  seedPerson,
  signIn,
  SIGN_IN,
  type SeededPerson,
} from '../../testing/people-harness.js';

const CHANGE =
  'mutation ($newPassword: String!) { changePassword(input: { newPassword: $newPassword }) { ... on PasswordChanged { sessionsEnded } } }';
const ME = '{ me { person { id email displayName } session { isCurrent } totpEnabled recoveryCodesLeft } }';
const NEW_PASSWORD = 'canary battery staple horse';

let harness: PeopleHarness;
let person: SeededPerson;
beforeAll(async () => void (harness = await PeopleHarness.start()));
beforeEach(async () => void (person = await seedPerson(harness)));
afterAll(() => harness.stop());

const change = (newPassword: string, credential = person.token) =>
  harness.ask(CHANGE, { credential, variables: { newPassword } });
const isKnown = async (credential: string) => (await harness.ask(ME, { credential })).code !== 'UNAUTHENTICATED';
const signInKind = async (password: string) =>
  (await harness.ask(SIGN_IN, { variables: { input: { email: person.email, password, client: 'CLI' } } })).data.signIn
    .__typename;

test('says who is signed in', async () => {
  const { data } = await harness.ask(ME, { credential: person.token });
  expect(data.me).toEqual({
    person: { id: person.userId, email: person.email, displayName: 'Person' },
    session: { isCurrent: true },
    totpEnabled: false,
    recoveryCodesLeft: 0,
  });
  expect((await harness.ask(ME)).code).toBe('UNAUTHENTICATED');
});

test('a new password takes the place of the old one and ends all other sessions', async () => {
  const other = await signIn(harness, person.email);
  expect((await change(NEW_PASSWORD)).data).toEqual({ changePassword: { sessionsEnded: 1 } });
  expect([await isKnown(other), await isKnown(person.token)]).toEqual([false, true]);
  expect([await signInKind(PASSWORD), await signInKind(NEW_PASSWORD)]).toEqual(['SignInRefused', 'SignedIn']);
});

test('the new password is nowhere on record', async () => {
  await change(NEW_PASSWORD);
  expect(await recorded(harness, person.userId)).toContain('password-changed');
  const audit = JSON.stringify(await harness.sql('select * from audit_entries'));
  expect(audit).not.toContain('canary');
});

test.each([
  ['11 characters', 'elevenchars', 'BAD_USER_INPUT'],
  ['12 characters', 'twelve chars', undefined],
  ['1 KiB', 'x'.repeat(1024), undefined],
  ['1 KiB and a byte', 'x'.repeat(1025), 'BAD_USER_INPUT'],
  ['12 letters of two code units each, one less', '😀'.repeat(11), 'BAD_USER_INPUT'],
])('a password of %s', async (_length, password, code) => {
  expect((await change(password)).code).toBe(code);
});

test('the e-mail address is no password', async () => {
  expect((await change(person.email.toUpperCase())).code).toBe('BAD_USER_INPUT');
});

test('changing it needs a fresh confirmation', async () => {
  harness.pass(SESSION_LIMITS.stepUpMs);
  expect((await change('another good one')).code).toBeUndefined();
  harness.pass(1);
  expect((await change('another good one')).code).toBe('STEP_UP_REQUIRED');
});

test('a session begun with the old password while it changes does not outlive it', async () => {
  const [, begun] = await Promise.all([
    change(NEW_PASSWORD),
    harness.ask(SIGN_IN, { variables: { input: { email: person.email, password: PASSWORD, client: 'CLI' } } }),
  ]);
  const { token } = begun.data.signIn;
  expect(token ? await isKnown(token) : false).toBe(false);
});

test('the operator on the host gives a locked-out owner a new password; the second factor and all sessions are gone', async () => {
  const { secret } = (
    await harness.ask('mutation { startTotp { ... on TotpStarted { secret } } }', { credential: person.token })
  ).data.startTotp;
  expect(secret).toBeTruthy();
  await harness.sql('update totp_credentials set confirmed_at = now() where user_id = $1', [person.userId]);
  await harness.people.disableAccount(person.email);
  expect(await isKnown(person.token)).toBe(false);
  expect(await signInKind(PASSWORD)).toBe('SignInRefused');
  await harness.people.recoverOwner(` ${person.email.toUpperCase()}`, NEW_PASSWORD);
  expect(await signInKind(NEW_PASSWORD)).toBe('SignedIn');
  expect(await isKnown(person.token)).toBe(false);
  const entries = await harness.sql(
    `select action, actor_kind, actor_id, chain from audit_entries where target_id = $1 and actor_kind = 'SYSTEM' order by sequence`,
    [person.userId],
  );
  const operator = { actor_kind: 'SYSTEM', actor_id: 'operator-on-host', chain: 'installation' };
  expect(entries).toEqual([
    { action: 'account-disabled', ...operator },
    { action: 'owner-recovered', ...operator },
  ]);
  expect(
    await harness.sql(`select 1 from revocations where kind = 'USER' and subject_id = $1`, [person.userId]),
  ).toHaveLength(2);
});

test('recovery of an unknown account and with a weak password changes nothing', async () => {
  await expect(harness.people.recoverOwner('nobody@example.test', NEW_PASSWORD)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(harness.people.recoverOwner(person.email, 'short')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(await signInKind(PASSWORD)).toBe('SignedIn');
});
