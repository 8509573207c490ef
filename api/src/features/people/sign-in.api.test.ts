import { API_LIMITS, SESSION_LIMITS } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  PASSWORD,
  PeopleHarness,
  SESSIONS,
  recorded,
  seedPerson,
  signIn,
  SIGN_IN,
  STEP_UP,
  type SeededPerson,
} from '../../testing/people-harness.js';

const DAY_MS = 24 * 60 * 60 * 1000;

let harness: PeopleHarness;
let owner: SeededPerson;
beforeAll(async () => void (harness = await PeopleHarness.start()));
beforeEach(async () => void (owner = await seedPerson(harness)));
afterAll(() => harness.stop());

const trySignIn = (input: object, ask: object = {}) =>
  harness.ask(SIGN_IN, {
    variables: { input: { email: owner.email, password: PASSWORD, client: 'CLI', ...input } },
    ...ask,
  });
const isKnown = async (credential: string | undefined) =>
  (await harness.ask(SESSIONS, { credential })).code !== 'UNAUTHENTICATED';
const sessions = async (credential: string) => (await harness.ask(SESSIONS, { credential })).data.sessions.nodes;
const revocations = () =>
  harness.sql(
    'select kind, subject_id from revocations join sessions s on s.id = subject_id where s.user_id = $1 order by seq',
    [owner.userId],
  );

describe('signing in', () => {
  test('gives a program a token and a browser a cookie, never both', async () => {
    const cli = await trySignIn({});
    expect(cli.data.signIn).toMatchObject({ __typename: 'SignedIn', token: expect.any(String) });
    expect(cli.cookie).toBeUndefined();
    const browser = await trySignIn({ client: 'BROWSER' });
    expect(browser.data.signIn).toMatchObject({ __typename: 'SignedIn', token: null });
    expect(browser.cookie).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await isKnown(browser.cookie)).toBe(true);
    expect(await isKnown(cli.data.signIn.token)).toBe(true);
  });

  test('takes the e-mail address in any case', async () => {
    expect((await trySignIn({ email: ` ${owner.email.toUpperCase()} ` })).data.signIn.__typename).toBe('SignedIn');
  });

  test('answers an unknown account, a wrong password and a disabled account with the same bytes', async () => {
    const unknown = await trySignIn({ email: 'nobody@example.test' });
    const wrong = await trySignIn({ password: 'not the password' });
    await harness.sql('update users set disabled_at = now() where id = $1', [owner.userId]);
    const disabled = await trySignIn({});
    expect(unknown.data.signIn).toMatchObject({ __typename: 'SignInRefused', code: 'SIGN_IN_REFUSED' });
    expect(wrong).toEqual(unknown);
    expect(disabled).toEqual(unknown);
    const actors = await harness.sql(
      `select actor_kind from audit_entries where action = 'sign-in-refused' and target_id = $1`,
      [owner.userId],
    );
    expect(actors).toEqual([{ actor_kind: 'ANONYMOUS' }, { actor_kind: 'ANONYMOUS' }]);
  });

  test('a refused try is on record without password and address', async () => {
    await trySignIn({ email: 'canary-mail@example.test', password: 'canary-password' });
    const [entry] = await harness.sql<{ chain: string; detail: string }>(
      `select chain, detail, actor_kind from audit_entries where action = 'sign-in-refused' order by sequence desc limit 1`,
    );
    expect(entry).toMatchObject({ chain: 'installation', actor_kind: 'ANONYMOUS' });
    expect(JSON.parse(entry?.detail ?? '')).toMatchObject({ email: 'c…@e…', address: '192.0.2.1' });
    expect(entry?.detail).not.toMatch(/canary/);
  });

  test('a password of 1 KiB is tried, one byte more is refused', async () => {
    const longest = 'x'.repeat(SESSION_LIMITS.maxPasswordBytes);
    expect((await trySignIn({ password: longest })).data.signIn.__typename).toBe('SignInRefused');
    expect((await trySignIn({ password: `${longest}x` })).code).toBe('BAD_USER_INPUT');
  });

  test('is not possible over a socket', async () => {
    expect((await trySignIn({}, { withoutCookies: true })).code).toBe('BAD_USER_INPUT');
  });

  test('never adopts a token that the client brought', async () => {
    const planted = 'A'.repeat(43);
    const { cookie } = await trySignIn({ client: 'BROWSER' }, { credential: planted });
    expect(cookie).not.toBe(planted);
    expect(await isKnown(planted)).toBe(false);
  });

  test('replaces the session that the same person had at hand', async () => {
    const first = (await trySignIn({ client: 'BROWSER' })).cookie;
    const second = (await trySignIn({ client: 'BROWSER' }, { credential: first })).cookie;
    expect(await isKnown(first)).toBe(false);
    expect(await isKnown(second)).toBe(true);
  });

  test('stores no token, only its hash', async () => {
    const dump = JSON.stringify(await harness.sql('select to_jsonb(s) as row from sessions s'));
    expect(dump).not.toContain(owner.token);
    expect(dump).not.toContain(Buffer.from(owner.token).toString('hex'));
  });
});

describe('limits on tries', () => {
  const guess = (limited: PeopleHarness, address: string, email: string) =>
    limited.ask(SIGN_IN, { address, variables: { input: { email, password: 'wrong', client: 'CLI' } } });

  test('of one account in one network, which say nothing of other networks', async () => {
    const limited = await PeopleHarness.start(undefined, { signInAccount: { points: 2, seconds: 300 } });
    expect((await guess(limited, '2001:db8::1', 'a@example.test')).code).toBeUndefined();
    expect((await guess(limited, '2001:db8::2', 'A@example.test')).code).toBeUndefined();
    expect((await guess(limited, '2001:db8::3', 'a@example.test')).code).toBe('RATE_LIMITED');
    expect((await guess(limited, '2001:db8::3', 'b@example.test')).code).toBeUndefined();
    expect((await guess(limited, '192.0.2.3', 'a@example.test')).code).toBeUndefined();
    await limited.stop();
  });

  test('of one account from all networks together, whether it exists or not', async () => {
    const limited = await PeopleHarness.start(undefined, { signInAccountAnywhere: { points: 2, seconds: 3600 } });
    const { email } = await seedPerson(limited);
    await limited.sql('delete from sessions');
    for (const [name, left] of [
      [email, 1],
      ['nobody@example.test', 2],
    ] as const) {
      const codes: unknown[] = [];
      for (let n = 0; n <= left; n += 1) codes.push((await guess(limited, `192.0.2.${n}`, name)).code);
      expect(codes, name).toEqual([...Array<undefined>(left).fill(undefined), 'RATE_LIMITED']);
    }
    await limited.stop();
  });

  test('by strangers keep nobody out who signs in from where they did before, and widen no guessing there', async () => {
    const limited = await PeopleHarness.start(undefined, {
      signInAccount: { points: 3, seconds: 300 },
      signInAccountAnywhere: { points: 5, seconds: 3600 },
    });
    const { email } = await seedPerson(limited);
    const signInFrom = (address: string) =>
      limited.ask(SIGN_IN, { address, variables: { input: { email, password: PASSWORD, client: 'CLI' } } });
    expect((await signInFrom('2001:db8::1')).data.signIn.__typename).toBe('SignedIn');
    for (const host of [1, 2, 3]) await guess(limited, `198.51.100.${host}`, email);
    expect((await guess(limited, '198.51.100.4', email)).code).toBe('RATE_LIMITED');

    expect((await signInFrom('203.0.113.1')).code).toBe('RATE_LIMITED');
    expect((await signInFrom('2001:db8::2')).data.signIn.__typename).toBe('SignedIn');
    expect((await guess(limited, '2001:db8::3', email)).data.signIn.__typename).toBe('SignInRefused');
    expect((await guess(limited, '2001:db8::3', email)).code).toBe('RATE_LIMITED');
    await limited.stop();
  });

  test('to confirm a password, by one person, from wherever they come', async () => {
    const limited = await PeopleHarness.start(undefined, { stepUp: { points: 2, seconds: 300 } });
    const { token } = await seedPerson(limited);
    const confirm = (address: string) =>
      limited.ask(STEP_UP, { credential: token, address, variables: { input: { password: 'wrong' } } });
    expect((await confirm('192.0.2.1')).code).toBeUndefined();
    expect((await confirm('192.0.2.2')).code).toBeUndefined();
    expect((await confirm('192.0.2.3')).code).toBe('RATE_LIMITED');
    await limited.stop();
  });

  test('of one address, whatever account they are about', async () => {
    const limited = await PeopleHarness.start(undefined, { signInAddress: { points: 2, seconds: 300 } });
    const attempt = (address: string, email: string) => guess(limited, address, email);
    expect((await attempt('192.0.2.1', 'a@example.test')).code).toBeUndefined();
    expect((await attempt('192.0.2.1', 'b@example.test')).code).toBeUndefined();
    expect((await attempt('192.0.2.1', 'c@example.test')).code).toBe('RATE_LIMITED');
    expect((await attempt('192.0.2.2', 'c@example.test')).code).toBeUndefined();
    await limited.stop();
  });
});

describe('the life of a session', () => {
  test('ends after 30 days without use, not before', async () => {
    harness.pass(30 * DAY_MS - 1);
    expect(await isKnown(owner.token)).toBe(true);
    harness.pass(30 * DAY_MS);
    expect(await isKnown(owner.token)).toBe(false);
  });

  test('ends 90 days after it began, however much it is used', async () => {
    for (const days of [29, 29, 29]) {
      harness.pass(days * DAY_MS);
      expect(await isKnown(owner.token)).toBe(true);
    }
    harness.pass(3 * DAY_MS - 1);
    expect(await isKnown(owner.token)).toBe(true);
    harness.pass(1);
    expect(await isKnown(owner.token)).toBe(false);
  });

  test('its last use is written once a minute at most', async () => {
    const lastUse = async () =>
      (await harness.sql<{ at: Date }>('select last_used_at as at from sessions where id = $1', [owner.sessionId]))[0]
        ?.at;
    const began = await lastUse();
    harness.pass(59_999);
    await isKnown(owner.token);
    expect(await lastUse()).toEqual(began);
    harness.pass(1);
    await isKnown(owner.token);
    expect(await lastUse()).toEqual(harness.now());
  });

  test('signing out ends it and clears the cookie', async () => {
    const { cookie } = await trySignIn({ client: 'BROWSER' });
    const answer = await harness.ask('mutation { signOut { ... on SignedOut { sessionsEnded } } }', {
      credential: cookie,
    });
    expect(answer).toMatchObject({ data: { signOut: { sessionsEnded: 1 } }, cookie: '' });
    expect(await isKnown(cookie)).toBe(false);
    expect(await isKnown(owner.token)).toBe(true);
  });

  test('ending one from another tells every replica', async () => {
    const other = await signIn(harness, owner.email);
    const woken: string[] = [];
    harness.bus.subscribe('revocations', () => woken.push('revocations'));
    const { data } = await harness.ask(
      'mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { ... on SessionRevoked { id } } }',
      {
        credential: other,
        variables: { id: owner.sessionId },
      },
    );
    expect(data).toEqual({ revokeSession: { id: owner.sessionId } });
    expect(await isKnown(owner.token)).toBe(false);
    expect(await isKnown(other)).toBe(true);
    expect(await revocations()).toEqual([{ kind: 'SESSION', subject_id: owner.sessionId }]);
    expect(woken).toEqual(['revocations']);
  });

  test('signing out everywhere ends all of them', async () => {
    const other = await signIn(harness, owner.email);
    const { data } = await harness.ask('mutation { signOutEverywhere { ... on SignedOut { sessionsEnded } } }', {
      credential: other,
    });
    expect(data).toEqual({ signOutEverywhere: { sessionsEnded: 2 } });
    expect([await isKnown(other), await isKnown(owner.token)]).toEqual([false, false]);
    expect(await revocations()).toHaveLength(2);
  });

  test('disabling the account ends it', async () => {
    await harness.sql('update users set disabled_at = now() where id = $1', [owner.userId]);
    expect(await isKnown(owner.token)).toBe(false);
  });

  test('sessions are listed page by page, the newest first', async () => {
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
      harness.pass(1000);
      await trySignIn({}, { address });
    }
    const ask = async (after: string | null) =>
      (await harness.ask(SESSIONS, { credential: owner.token, variables: { first: 3, after } })).data.sessions;
    const first = await ask(null);
    expect(first.nodes.map((node: { address: string }) => node.address)).toEqual([
      '198.51.100.3',
      '198.51.100.2',
      '198.51.100.1',
    ]);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await ask(first.pageInfo.endCursor);
    expect(second).toMatchObject({
      nodes: [{ id: owner.sessionId, isCurrent: true }],
      pageInfo: { hasNextPage: false },
    });
  });

  test.each([0, -1, API_LIMITS.maxPageSize + 1])('a page of %i is refused', async (first) => {
    expect((await harness.ask(SESSIONS, { credential: owner.token, variables: { first } })).code).toBe(
      'BAD_USER_INPUT',
    );
  });

  test.each(['x', Buffer.from('["a","b"]').toString('base64url')])('the cursor %s is refused', async (after) => {
    const { code } = await harness.ask(SESSIONS, { credential: owner.token, variables: { after } });
    expect(code).toMatch(/BAD_USER_INPUT|NOT_FOUND/);
  });
});

describe('other people', () => {
  let stranger: string;
  beforeEach(async () => void (stranger = (await seedPerson(harness)).token));

  test.each(['the id of a session of mine', '01900000-0000-7000-8000-00000000dead', 'not an id', ''])(
    'cannot end a session by %s: it looks like an unknown one',
    async (given) => {
      const id = given.startsWith('the id') ? owner.sessionId : given;
      const answer = await harness.ask(
        'mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { ... on SessionRevoked { id } } }',
        {
          credential: stranger,
          variables: { id },
        },
      );
      expect(answer).toMatchObject({ code: 'NOT_FOUND', message: 'The session was not found.' });
      expect(await isKnown(owner.token)).toBe(true);
    },
  );

  test('see their own sessions only', async () => {
    const ids = (await sessions(stranger)).map((session: { id: string }) => session.id);
    expect(ids).toHaveLength(1);
    expect(ids).not.toContain(owner.sessionId);
  });
});

describe('confirming again', () => {
  const stepUp = (credential: string, password = PASSWORD) =>
    harness.ask(STEP_UP, { credential, variables: { input: { password } } });
  const steppedUpUntil = async (credential: string) =>
    (await harness.ask('{ sessions { nodes { steppedUpUntil isCurrent } } }', { credential })).data.sessions.nodes[0]
      .steppedUpUntil;

  test('holds for 10 minutes from sign-in on, not longer', async () => {
    harness.pass(SESSION_LIMITS.stepUpMs);
    expect(await steppedUpUntil(owner.token)).not.toBeNull();
    harness.pass(1);
    expect(await steppedUpUntil(owner.token)).toBeNull();
    const { data } = await stepUp(owner.token);
    expect(new Date(data.stepUp.session.steppedUpUntil)).toEqual(
      new Date(harness.now().getTime() + SESSION_LIMITS.stepUpMs),
    );
  });

  test('changes the token and cuts the sockets that live by the old one', async () => {
    const { data } = await stepUp(owner.token);
    expect(data.stepUp.session.id).toBe(owner.sessionId);
    expect(await isKnown(owner.token)).toBe(false);
    expect(await isKnown(data.stepUp.token)).toBe(true);
    expect(await revocations()).toEqual([{ kind: 'SESSION', subject_id: owner.sessionId }]);
  });

  test('with a wrong password changes nothing and goes on record', async () => {
    const { data, cookie } = await stepUp(owner.token, 'not the password');
    expect(data.stepUp.__typename).toBe('SignInRefused');
    expect(cookie).toBeUndefined();
    expect(await isKnown(owner.token)).toBe(true);
    expect(await recorded(harness, owner.userId)).toContain('step-up-refused');
  });

  test('does not lengthen the session', async () => {
    harness.pass(89 * DAY_MS);
    await harness.sql('update sessions set last_used_at = $1 where id = $2', [harness.now(), owner.sessionId]);
    const { data } = await stepUp(owner.token);
    harness.pass(DAY_MS);
    expect(await isKnown(data.stepUp.token)).toBe(false);
  });

  test('needs a session', async () => {
    expect((await harness.ask(STEP_UP, { variables: { input: { password: PASSWORD } } })).code).toBe('UNAUTHENTICATED');
  });
});
