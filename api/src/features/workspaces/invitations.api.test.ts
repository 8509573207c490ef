import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../kernel/authorisation/index.js';
import { PASSWORD, seedPerson, signIn, type PeopleHarness, type SeededPerson } from '../../testing/people-harness.js';
import { audited, startWorkspaces } from '../../testing/workspaces-harness.js';

const INVITE = `mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
  __typename ... on MemberInvited { code invitation { id email role expiresAt invitedBy { id } } }
  ... on InvitationAlreadyMade { invitationId } } }`;
const LIST = '{ invitations { nodes { id email role } } }';
const OFFER =
  'query ($code: String!) { invitationOffer(code: $code) { workspaceName email role hasAccount inviterName } }';
const ACCEPT = `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename
  ... on InvitationAccepted { workspace { id name } signedIn { token person { id email displayName } } } ... on Refusal { code } } }`;
const REVOKE =
  'mutation ($id: ID!) { revokeInvitation(input: { invitationId: $id }) { ... on InvitationRevoked { id } } }';
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

let harness: PeopleHarness;
let owner: SeededPerson;
let guest: string;
beforeAll(async () => void (harness = await startWorkspaces()));
beforeEach(async () => {
  owner = await seedPerson(harness);
  guest = `guest-${owner.userId}@example.test`;
});
afterAll(() => harness.stop());

const invite = (input: object = {}, by = owner) =>
  harness.ask(INVITE, {
    credential: by.token,
    variables: { input: { email: guest, role: 'OPERATOR', idempotencyKey: crypto.randomUUID(), ...input } },
  });
const invited = async (input: object = {}) => (await invite(input)).data.inviteMember;
const accept = (code: string, input: object = {}, ask: object = {}) =>
  harness.ask(ACCEPT, {
    variables: { input: { code, displayName: 'Gil Guest', password: PASSWORD, client: 'CLI', ...input } },
    ...ask,
  });
const accepted = async (code: string, input: object = {}, ask: object = {}) =>
  (await accept(code, input, ask)).data.acceptInvitation;
const join = (role: Role) => seedPerson(harness, { workspaceId: owner.workspaceId, role });

test('somebody without an account joins with a name and a password, signed in, with the role offered', async () => {
  const { code, invitation } = await invited({ email: ` ${guest.toUpperCase()} ` });
  expect(code).toMatch(/^(\w{4}-){3}\w{4}$/);
  expect(invitation).toMatchObject({ email: guest, role: 'OPERATOR', invitedBy: { id: owner.userId } });
  const offer = { workspaceName: 'Fleet', email: guest, role: 'OPERATOR', hasAccount: false, inviterName: 'Person' };
  expect((await harness.ask(OFFER, { variables: { code } })).data.invitationOffer).toEqual(offer);
  const joined = await accepted(code.toLowerCase().replaceAll('-', ' '));
  expect(joined).toMatchObject({
    workspace: { id: owner.workspaceId, name: 'Fleet' },
    signedIn: { person: { email: guest, displayName: 'Gil Guest' } },
  });
  const { data } = await harness.ask('{ caller { role } }', { credential: joined.signedIn.token });
  expect(data.caller.role).toBe('OPERATOR');
  expect(await signIn(harness, guest)).toBeTruthy();
  expect(await audited(harness, owner.workspaceId)).toEqual(['member-invited', 'invitation-accepted']);
});

test('a browser gets its session as cookie', async () => {
  const { code } = await invited();
  const answer = await accept(code, { client: 'BROWSER' });
  expect(answer.data.acceptInvitation.signedIn.token).toBeNull();
  expect(answer.cookie).toMatch(/^[\w-]{43}$/);
});

test('of 20 who accept at once one joins', async () => {
  const { code } = await invited();
  const kinds = (await Promise.all(Array.from({ length: 20 }, () => accepted(code)))).map(
    (answer) => answer.__typename,
  );
  expect(kinds.filter((kind) => kind === 'InvitationAccepted')).toHaveLength(1);
  expect(await harness.sql('select 1 from users where email = $1', [guest])).toHaveLength(1);
});

test('the code is stored as hash only and recorded nowhere', async () => {
  const { code } = await invited();
  await accepted(code);
  const rows = await Promise.all(
    ['invitations', 'audit_entries', 'users'].map((table) => harness.sql(`select to_jsonb(t) from ${table} t`)),
  );
  const stored = JSON.stringify(rows);
  for (const canary of [code, code.replaceAll('-', ''), PASSWORD]) expect(stored).not.toContain(canary);
});

describe('somebody with an account', () => {
  test('joins only while signed in to the invited address', async () => {
    const member = await seedPerson(harness);
    const other = await seedPerson(harness);
    const { code } = await invited({ email: member.email });
    expect((await harness.ask(OFFER, { variables: { code } })).data.invitationOffer.hasAccount).toBe(true);
    expect(await accepted(code)).toMatchObject({ __typename: 'SignInToAccept', code: 'SIGN_IN_TO_ACCEPT' });
    expect((await accepted(code, {}, { credential: other.token })).__typename).toBe('SignInToAccept');
    expect(await accepted(code, {}, { credential: member.token })).toMatchObject({
      workspace: { id: owner.workspaceId },
      signedIn: null,
    });
    expect((await accepted(code, {}, { credential: member.token })).__typename).toBe('InvitationRefused');
    expect((await signIn(harness, member.email)).length).toBeGreaterThan(0);
  });

  test('who is a member already cannot be invited', async () => {
    const member = await join('VIEWER');
    expect((await invited({ email: member.email })).__typename).toBe('AlreadyMember');
  });
});

describe('an invitation is worth nothing', () => {
  test.each([
    ['that was never made', () => Promise.resolve('AAAA-BBBB-CCCC-DDDD')],
    ['that is empty', () => Promise.resolve('')],
    [
      'that was taken back',
      async () => {
        const { code, invitation } = await invited();
        await harness.ask(REVOKE, { credential: owner.token, variables: { id: invitation.id } });
        return code;
      },
    ],
    [
      'in whose place a new one was made',
      async () => {
        const { code } = await invited();
        await invited();
        return code;
      },
    ],
    [
      'whose maker left',
      async () => {
        const admin = await join('ADMIN');
        const { code } = (await invite({}, admin)).data.inviteMember;
        await harness.sql('delete from memberships where user_id = $1', [admin.userId]);
        return code;
      },
    ],
    [
      'whose maker could not make it any more',
      async () => {
        const admin = await join('ADMIN');
        const { code } = (await invite({}, admin)).data.inviteMember;
        await harness.sql(`update memberships set role = 'OPERATOR' where user_id = $1`, [admin.userId]);
        return code;
      },
    ],
  ])('%s', async (_why, codeOf) => {
    const code = await codeOf();
    expect(await accepted(code)).toMatchObject({ __typename: 'InvitationRefused', code: 'INVITATION_REFUSED' });
    expect(await harness.sql('select 1 from users where email = $1', [guest])).toEqual([]);
  });

  test('after a week, not before', async () => {
    const { code } = await invited();
    harness.pass(WEEK_MS - 1);
    expect((await harness.ask(OFFER, { variables: { code } })).code).toBeUndefined();
    harness.pass(1);
    expect((await harness.ask(OFFER, { variables: { code } })).code).toBe('NOT_FOUND');
    expect((await accepted(code)).__typename).toBe('InvitationRefused');
  });
});

test('an invitation that is being taken back right now is waited for, and refused', async () => {
  const { code, invitation } = await invited();
  const elsewhere = 'update invitations set revoked_at = now() where id = $1';
  const answer = await harness.during([elsewhere, [invitation.id]], () => accepted(code));
  expect(answer.__typename).toBe('InvitationRefused');
  expect(await harness.sql('select 1 from users where email = $1', [guest])).toEqual([]);
});

test.each([
  ['no name', { displayName: null }],
  ['no password', { password: null }],
  ['a short password', { password: 'elevenchars' }],
  ['the address as password', { password: 'the address' }],
])('%s: refused, and the invitation is still good', async (_what, wrong) => {
  const { code } = await invited();
  const input = 'password' in wrong && wrong.password === 'the address' ? { password: guest } : wrong;
  expect((await accept(code, input)).code).toBe('BAD_USER_INPUT');
  expect((await accepted(code)).__typename).toBe('InvitationAccepted');
});

describe('inviting', () => {
  test.each([
    ['VIEWER', 'VIEWER', 'FORBIDDEN'],
    ['OPERATOR', 'VIEWER', 'FORBIDDEN'],
    ['ADMIN', 'ADMIN', 'MemberInvited'],
    ['ADMIN', 'OWNER', 'RoleBeyondYours'],
    ['OWNER', 'OWNER', 'MemberInvited'],
  ] as const)('%s as %s: %s', async (by, role, answer) => {
    const { data, code } = await invite({ role }, await join(by));
    expect(code ?? data.inviteMember.__typename).toBe(answer);
  });

  test('with the same idempotency key invites once', async () => {
    const { invitation } = await invited({ idempotencyKey: 'key' });
    expect(await invited({ idempotencyKey: 'key' })).toEqual({
      __typename: 'InvitationAlreadyMade',
      invitationId: invitation.id,
    });
    expect((await harness.ask(LIST, { credential: owner.token })).data.invitations.nodes).toHaveLength(1);
  });

  test('needs a fresh confirmation and an address', async () => {
    expect((await invite({ email: 'nobody' })).code).toBe('BAD_USER_INPUT');
    harness.pass(10 * 60_000 + 1);
    expect((await invite()).code).toBe('STEP_UP_REQUIRED');
  });

  test('a hundredth invitation may be open, no more', async () => {
    await harness.sql(
      `insert into invitations (id, workspace_id, email, role, code_hash, invited_by, created_at, expires_at)
       select gen_random_uuid(), $1, 'n' || n, 'VIEWER', sha256(gen_random_uuid()::text::bytea), $2, $3, $3::timestamptz + interval '1 day'
         from generate_series(1, 99) n`,
      [owner.workspaceId, owner.userId, harness.now()],
    );
    expect((await invited()).__typename).toBe('MemberInvited');
    expect((await invited({ email: 'another@example.test' })).__typename).toBe('QuotaReached');
  });
});

test('another workspace cannot see or take back an invitation', async () => {
  const { code, invitation } = await invited();
  const stranger = await seedPerson(harness);
  expect((await harness.ask(LIST, { credential: stranger.token })).data.invitations.nodes).toEqual([]);
  for (const id of [invitation.id, crypto.randomUUID(), 'no id']) {
    expect((await harness.ask(REVOKE, { credential: stranger.token, variables: { id } })).code).toBe('NOT_FOUND');
  }
  expect((await accepted(code)).__typename).toBe('InvitationAccepted');
});
