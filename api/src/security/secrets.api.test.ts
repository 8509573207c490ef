import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSigningKey } from '@pilothouse/protocol';
import { seedServer } from '@pilothouse/db/testing';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, TestApi } from '../testing/index.js';

let api: TestApi;
/** Every secret of the scenario, by what it is. */
const canaries: Record<string, string> = {};
/** Every answer that is an error or refusal. */
const refusals: string[] = [];

/** Is no secret: it is found where it is stored, so that a secret would be. */
const CONTROL = 'control-of-the-arguments';

beforeAll(async () => {
  api = await TestApi.start();
  await play();
}, 120_000);
afterAll(() => api.stop());

async function ask(query: string, variables: Record<string, unknown> = {}, token?: string) {
  const answer = await api.ask(query, { variables, token });
  const [first] = Object.values((answer.data ?? {}) as object) as { __typename?: string }[];
  if (answer.code || /Refus|Taken|Required/.test(first?.__typename ?? '')) refusals.push(JSON.stringify(answer));
  return answer;
}

/** A day in the life of an installation, with everything that goes wrong. */
async function play(): Promise<void> {
  const code = (await api.controlPlane.features.people.setUp.offerCode())!;
  canaries['set-up code'] = code;
  canaries['password'] = PASSWORD;
  const first = await api.completeSetup(code);
  canaries['session'] = first;
  let token = await api.stepUp(first);
  canaries['session after confirming'] = token;
  await people(token);
  token = await secondFactor(token);
  await servers(token);
  await mistakes(token);
}

async function people(token: string): Promise<void> {
  const apiToken = await ask(
    `mutation { createApiToken(input: { name: "ci", scopes: [READ], idempotencyKey: "1" }) { ... on ApiTokenCreated { token } } }`,
    {},
    token,
  );
  canaries['API token'] = apiToken.data.createApiToken.token;
  await ask('{ workspace { id } }', {}, canaries['API token']);
  const invited = await ask(
    `mutation { inviteMember(input: { email: "two@example.test", role: VIEWER, idempotencyKey: "1" }) { ... on MemberInvited { code } } }`,
    {},
    token,
  );
  canaries['invitation'] = invited.data.inviteMember.code;
  canaries['second password'] = 'canary-second-password';
  await ask(`mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename } }`, {
    input: { code: canaries['invitation'], displayName: 'Two', password: canaries['second password'], client: 'CLI' },
  });
  await ask('{ invitationOffer(code: "canary-invitation-guess") { email } }');
}

async function secondFactor(token: string): Promise<string> {
  const { data } = await ask('mutation { startTotp { ... on TotpStarted { secret } } }', {}, token);
  const secret: string = data.startTotp.secret;
  canaries['TOTP secret'] = secret;
  const generator = new TOTP({ secret: Secret.fromBase32(secret) });
  const confirmed = await ask(
    'mutation ($code: String!) { confirmTotp(input: { code: $code }) { ... on TotpConfirmed { recoveryCodes } } }',
    { code: generator.generate() },
    token,
  );
  const codes: string[] = confirmed.data.confirmTotp.recoveryCodes;
  codes.forEach((recoveryCode, i) => (canaries[`recovery code ${i}`] = recoveryCode));
  const stepUp = await ask(
    'mutation ($input: StepUpInput!) { stepUp(input: $input) { __typename ... on SignedIn { token } } }',
    { input: { password: PASSWORD, recoveryCode: codes[0] } },
    token,
  );
  canaries['session after a recovery code'] = stepUp.data.stepUp.token;
  return stepUp.data.stepUp.token;
}

async function servers(token: string): Promise<void> {
  const created = await ask(
    `mutation { createServer(input: { name: "web", profile: FULL_ACCESS, idempotencyKey: "web" }) { ... on ServerEnrolment { enrolment { token } } } }`,
    {},
    token,
  );
  canaries['enrolment token'] = created.data.createServer.enrolment.token;
  await fetch(`${api.origin}/agent/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: canaries['enrolment token'], nonsense: true }),
  }).then(async (response) => refusals.push(await response.text()));
  const [{ id: workspaceId }] = (await api.sql<{ id: string }>('select id from workspaces')) as [{ id: string }];
  const { serverId } = await seedServer(api.db, workspaceId, {
    identity: { publicKey: generateSigningKey().publicKey },
  });
  canaries['stdin'] = 'canary-of-standard-input';
  canaries['environment'] = 'canary-of-the-environment';
  const command = {
    argv: ['true', CONTROL],
    stdin: Buffer.from(canaries['stdin']).toString('base64'),
    environment: [{ name: 'SECRET', value: canaries['environment'] }],
  };
  const run = `mutation ($input: RunCommandInput!) { runCommand(input: $input) { __typename ... on Command { id program { environmentNames hasStdin } } ... on Refusal { message } } }`;
  const queued = await ask(
    run,
    { input: { idempotencyKey: randomUUID(), serverId, command, whenOffline: 'DELIVER' } },
    token,
  );
  expect(queued.data.runCommand).toMatchObject({ __typename: 'Command' });
  await ask(run, { input: { idempotencyKey: randomUUID(), serverId, command, whenOffline: 'SKIP' } }, token);
  await ask(run, { input: { idempotencyKey: randomUUID(), serverId, command: { ...command, timeoutMs: -1 } } }, token);
  await ask(run, { input: { idempotencyKey: randomUUID(), serverId, command: { ...command, unknown: true } } }, token);
  // A failure inside, in the middle of storing it.
  await api.sql('alter table commands add constraint broken check (false) not valid');
  const failed = await ask(
    run,
    { input: { idempotencyKey: randomUUID(), serverId, command, whenOffline: 'DELIVER' } },
    token,
  );
  expect(failed.code).toBe('INTERNAL');
  await api.sql('alter table commands drop constraint broken');
}

async function mistakes(token: string): Promise<void> {
  canaries['mistyped password'] = 'canary-mistyped-password';
  const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }';
  const input = { email: 'owner@example.test', password: canaries['mistyped password'], client: 'CLI' };
  await ask(signIn, { input });
  await ask(signIn, { input: { ...input, client: undefined } });
  await ask(signIn, { input: { ...input, password: [input.password] } });
  await ask(signIn, { input: { ...input, email: `${input.password}` } });
  await ask('{ me { person { id } } }', {}, `${token.slice(0, -1)}!`);
  canaries['token in an address'] = 'canary-token-in-an-address';
  await fetch(`${api.origin}/graphql?token=${canaries['token in an address']}`).then(async (r) =>
    refusals.push(await r.text()),
  );
  await api.sql('alter table sessions rename to gone');
  await ask('{ me { person { id } } }', {}, token);
  await api.sql('alter table gone rename to sessions');
}

/** A secret in whatever form it could be stored. */
const forms = (secret: string) => {
  const bytes = Buffer.from(secret);
  const bare = secret.replaceAll('-', '');
  return [
    secret,
    bare,
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
};

const found = (text: string) =>
  Object.entries(canaries)
    .filter(([, secret]) => forms(secret).some((form) => text.includes(form)))
    .map(([name]) => name);

/** All values of a column; bytes both as hexadecimal digits and as what they spell. */
async function textOf(table: string, column: string): Promise<string> {
  const rows = await api.sql<{ text: string }>(
    `select "${column}"::text as text from ${table} where "${column}" is not null`,
  );
  const spelled = (text: string) =>
    text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('latin1') : '';
  return rows.map(({ text }) => `${text} ${spelled(text)}`).join('\n');
}

test('the scenario had every secret, and things went wrong in it', () => {
  expect(Object.values(canaries).every((secret) => secret?.length >= 8)).toBe(true);
  expect(Object.keys(canaries).length).toBeGreaterThanOrEqual(20);
  expect(refusals.length).toBeGreaterThanOrEqual(10);
  expect(api.logged.filter((line) => JSON.parse(line).level >= 50).length).toBeGreaterThanOrEqual(2);
});

test('no secret is in the log', () => {
  expect(found(api.logged.join('\n'))).toEqual([]);
});

test('no secret is in the body of an error or refusal', () => {
  expect(found(refusals.join('\n'))).toEqual([]);
});

test('no secret is in any column of any table', async () => {
  const columns = await api.sql<{ table: string; column: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, a.attname as column
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  expect(columns.length).toBeGreaterThan(100);
  const hits: string[] = [];
  const controls: string[] = [];
  for (const { table, column } of columns) {
    const text = await textOf(table, column);
    hits.push(...found(text).map((name) => `${name} in ${table}.${column}`));
    if (text.includes(CONTROL)) controls.push(`${table}.${column}`);
  }
  expect(hits).toEqual([]);
  expect(controls).toEqual(expect.arrayContaining(['public.commands.arguments', 'public.audit_entries.detail']));
});

test('no secret is in a file of the state directory', async () => {
  const files = await readdir(api.stateDir, { recursive: true, withFileTypes: true });
  const hits: string[] = [];
  for (const file of files.filter((entry) => entry.isFile())) {
    const text = (await readFile(join(file.parentPath, file.name))).toString('latin1');
    hits.push(...found(text).map((name) => `${name} in ${file.name}`));
  }
  expect(files.length).toBeGreaterThan(4);
  expect(hits).toEqual([]);
});
