import { SESSION_LIMITS } from '@pilothouse/protocol';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  PASSWORD,
  PeopleHarness,
  recorded,
  seedPerson,
  signIn,
  SESSIONS,
  SIGN_IN,
  STEP_UP,
  type SeededPerson,
} from '../../testing/people-harness.js';

const START = 'mutation { startTotp { __typename ... on TotpStarted { secret otpauthUri } } }';
const CONFIRM = `mutation ($code: String!) { confirmTotp(input: { code: $code }) {
  __typename ... on TotpConfirmed { recoveryCodes sessionsEnded } ... on SecondFactorRefused { lockedUntil } } }`;
const DISABLE = 'mutation { disableTotp { __typename ... on TotpDisabled { sessionsEnded } } }';
const STEP_MS = 30_000;
const LOCK_MS = 15 * 60_000;

let harness: PeopleHarness;
let person: SeededPerson;
beforeAll(async () => void (harness = await PeopleHarness.start()));
beforeEach(async () => void (person = await seedPerson(harness)));
afterAll(() => harness.stop());

const codeOf = (secret: string, stepsAhead = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: harness.now().getTime() + stepsAhead * STEP_MS,
  });
const wrongCode = (secret: string) => `${(Number(codeOf(secret)) + 1) % 1_000_000}`.padStart(6, '0');
const start = async (credential = person.token) => (await harness.ask(START, { credential })).data.startTotp;
const confirm = async (code: string, credential = person.token) =>
  (await harness.ask(CONFIRM, { credential, variables: { code } })).data.confirmTotp;
const trySignIn = async (input: object) =>
  (
    await harness.ask(SIGN_IN, {
      variables: { input: { email: person.email, password: PASSWORD, client: 'CLI', ...input } },
    })
  ).data.signIn;

/** Turns the second factor on and lets its first code pass. */
async function enable(): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { secret } = await start();
  const { recoveryCodes } = await confirm(codeOf(secret));
  harness.pass(STEP_MS);
  return { secret, recoveryCodes };
}

test('a new secret counts only once its first code has come back', async () => {
  const { secret, otpauthUri } = await start();
  expect(otpauthUri).toContain(`secret=${secret}`);
  expect((await trySignIn({})).__typename).toBe('SignedIn');
  expect((await confirm(wrongCode(secret))).__typename).toBe('SecondFactorRefused');
  expect((await trySignIn({})).__typename).toBe('SignedIn');
  expect((await confirm(codeOf(secret))).recoveryCodes).toHaveLength(10);
  expect((await trySignIn({})).__typename).toBe('SecondFactorRequired');
});

test('turning it on ends all other sessions, and goes on record without the secret', async () => {
  const other = await signIn(harness, person.email);
  const { secret } = await start();
  expect((await confirm(codeOf(secret))).sessionsEnded).toBe(1);
  expect((await harness.ask(SESSIONS, { credential: other })).code).toBe('UNAUTHENTICATED');
  expect((await harness.ask(SESSIONS, { credential: person.token })).code).toBeUndefined();
  expect(await recorded(harness, person.userId)).toEqual(expect.arrayContaining(['totp-started', 'totp-enabled']));
});

test('with it on, the password alone begins no session', async () => {
  const { secret } = await enable();
  expect(await trySignIn({})).toMatchObject({ __typename: 'SecondFactorRequired', code: 'SECOND_FACTOR_REQUIRED' });
  expect((await trySignIn({ totpCode: codeOf(secret) })).session).toMatchObject({ secondFactor: true });
});

test('a wrong password is refused before the code is looked at', async () => {
  const { secret } = await enable();
  expect((await trySignIn({ password: 'wrong', totpCode: codeOf(secret) })).__typename).toBe('SignInRefused');
  expect((await trySignIn({ totpCode: codeOf(secret) })).__typename).toBe('SignedIn');
});

test('a code counts once, also for two who use it at the same moment', async () => {
  const { secret } = await enable();
  const totpCode = codeOf(secret);
  const kinds = (await Promise.all([trySignIn({ totpCode }), trySignIn({ totpCode })])).map(
    (answer) => answer.__typename,
  );
  expect(new Set(kinds)).toEqual(new Set(['SecondFactorRefused', 'SignedIn']));
  expect((await trySignIn({ totpCode })).__typename).toBe('SecondFactorRefused');
});

test('a code that another replica is accepting right now is waited for, and refused', async () => {
  const { secret } = await enable();
  const step = Math.floor(harness.now().getTime() / STEP_MS);
  const elsewhere = 'update totp_credentials set last_used_step = $1 where user_id = $2';
  const answer = await harness.during([elsewhere, [step, person.userId]], () =>
    trySignIn({ totpCode: codeOf(secret) }),
  );
  expect(answer.__typename).toBe('SecondFactorRefused');
});

test('codes one step early or late are accepted, two steps are not', async () => {
  const { secret } = await enable();
  harness.pass(10 * STEP_MS);
  expect((await trySignIn({ totpCode: codeOf(secret, -2) })).__typename).toBe('SecondFactorRefused');
  expect((await trySignIn({ totpCode: codeOf(secret, 2) })).__typename).toBe('SecondFactorRefused');
  expect((await trySignIn({ totpCode: codeOf(secret, -1) })).__typename).toBe('SignedIn');
  expect((await trySignIn({ totpCode: codeOf(secret, 1) })).__typename).toBe('SignedIn');
});

test('four wrong codes leave it open, the fifth locks it for 15 minutes', async () => {
  const { secret, recoveryCodes } = await enable();
  for (let n = 1; n < SESSION_LIMITS.totpAttempts; n += 1) {
    expect((await trySignIn({ totpCode: wrongCode(secret) })).lockedUntil).toBeNull();
  }
  expect((await trySignIn({ totpCode: codeOf(secret) })).__typename).toBe('SignedIn');
  harness.pass(STEP_MS);
  for (let n = 1; n < SESSION_LIMITS.totpAttempts; n += 1) await trySignIn({ totpCode: wrongCode(secret) });
  const lockedUntil = new Date(harness.now().getTime() + LOCK_MS);
  expect(new Date((await trySignIn({ totpCode: wrongCode(secret) })).lockedUntil)).toEqual(lockedUntil);
  harness.pass(LOCK_MS - 1);
  expect((await trySignIn({ totpCode: codeOf(secret) })).__typename).toBe('SecondFactorRefused');
  expect((await trySignIn({ recoveryCode: recoveryCodes[0] })).__typename).toBe('SecondFactorRefused');
  harness.pass(1);
  expect((await trySignIn({ totpCode: codeOf(secret) })).__typename).toBe('SignedIn');
});

test('a recovery code stands in for the app, once, however it is typed', async () => {
  const { recoveryCodes } = await enable();
  const recoveryCode = recoveryCodes[3]?.toLowerCase().replaceAll('-', ' ');
  expect((await trySignIn({ recoveryCode })).__typename).toBe('SignedIn');
  expect((await trySignIn({ recoveryCode })).__typename).toBe('SecondFactorRefused');
  const { data } = await harness.ask('{ me { totpEnabled recoveryCodesLeft } }', { credential: person.token });
  expect(data.me).toEqual({ totpEnabled: true, recoveryCodesLeft: 9 });
});

test("another person's recovery code is worth nothing", async () => {
  const { recoveryCodes } = await enable();
  person = await seedPerson(harness);
  await enable();
  expect((await trySignIn({ recoveryCode: recoveryCodes[0] })).__typename).toBe('SecondFactorRefused');
});

test('confirming again asks for it too', async () => {
  const { secret } = await enable();
  const stepUp = async (input: object) =>
    (await harness.ask(STEP_UP, { credential: person.token, variables: { input: { password: PASSWORD, ...input } } }))
      .data.stepUp;
  expect((await stepUp({})).__typename).toBe('SecondFactorRequired');
  expect((await stepUp({ totpCode: wrongCode(secret) })).__typename).toBe('SecondFactorRefused');
  expect((await stepUp({ totpCode: codeOf(secret) })).__typename).toBe('SignedIn');
});

test('starting or disabling needs a fresh confirmation', async () => {
  harness.pass(SESSION_LIMITS.stepUpMs + 1);
  expect((await harness.ask(START, { credential: person.token })).code).toBe('STEP_UP_REQUIRED');
  expect((await harness.ask(DISABLE, { credential: person.token })).code).toBe('STEP_UP_REQUIRED');
});

test('while it is on it cannot be started anew; disabling it goes back to the password', async () => {
  const { secret } = await enable();
  expect((await start()).__typename).toBe('TotpInUse');
  expect((await confirm(codeOf(secret))).__typename).toBe('TotpMissing');
  const { data } = await harness.ask(DISABLE, { credential: person.token });
  expect(data.disableTotp).toEqual({ __typename: 'TotpDisabled', sessionsEnded: 0 });
  expect((await trySignIn({})).__typename).toBe('SignedIn');
  expect((await harness.ask(DISABLE, { credential: person.token })).data.disableTotp.__typename).toBe('TotpMissing');
});

test('neither the secret nor a recovery code is stored or recorded', async () => {
  const { secret, recoveryCodes } = await enable();
  await trySignIn({ recoveryCode: recoveryCodes[0] });
  const tables = ['totp_credentials', 'recovery_codes', 'audit_entries', 'sessions'];
  const rows = await Promise.all(tables.map((table) => harness.sql(`select to_jsonb(t) as row from ${table} t`)));
  const stored = JSON.stringify(rows);
  const secretHex = Buffer.from(Secret.fromBase32(secret).bytes).toString('hex');
  for (const canary of [secret, secretHex, ...recoveryCodes, recoveryCodes[0]!.replaceAll('-', '')]) {
    expect(stored).not.toContain(canary);
  }
});
