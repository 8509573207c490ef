import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { servedPort } from '@pilothouse/db/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliHarness } from '../cli-tests/testing/cli-harness.js';
import { EnrolledAgent, eventually, Operator, PASSWORD, StartedPilothouse } from '../testing/index.js';
import { CommandLines } from './testing/command-lines.js';
import { findNeedles } from './testing/needles.js';
import { CONTROL, encodingsOf, formsOf, SecretScenario } from './testing/secret-scenario.js';

/** Files that are there to hold a secret, and who may read them. Everything else below the state directory is searched. */
const KEEPERS: readonly { path: RegExp; because: string }[] = [
  { path: /^keys\/(control-plane|root\.encrypted)\.pem$/, because: 'private keys, 0400' },
  { path: /^keys\/sealing\.key$/, because: 'the sealing key, 0400' },
  { path: /^signer\/command\.pem$/, because: 'the command key, 0400' },
  { path: /^database-roles\.json$/, because: 'the passwords of the database’s roles, 0600' },
  { path: /^postgres\.password$/, because: 'the password of the database’s administrator, 0600' },
  { path: /^agent\/identity\.json$/, because: 'the agent’s key, on its own host, 0600' },
  { path: /^agent\/commands\.journal$/, because: 'what a host was told to run, on that host, 0600' },
];

/** What the operator's terminal shows once, and nothing else does. */
const SHOWN_ONCE = /^(Set-up code|Passphrase of the root key): .*$/gm;

let pilothouse: StartedPilothouse;
let scenario: SecretScenario;
let cli: CliHarness;
let second: EnrolledAgent;
let admin: Client;
let evidence: string;
let files: string[];
/** Every secret by name, in every form it could be written in. */
const needles = new Map<string, readonly string[]>();

beforeAll(async () => {
  evidence = await mkdtemp(join(tmpdir(), 'pilothouse-evidence-'));
  const commandLines = new CommandLines();
  pilothouse = await StartedPilothouse.start({ environment: { PILOTHOUSE_LOG_LEVEL: 'debug' } });
  admin = new Client({ connectionString: await administratorUrl() });
  await admin.connect();
  scenario = new SecretScenario(pilothouse, (text) => admin.query(text));
  const written = await play();
  await collectKeys();
  await writeFile(join(evidence, 'command-lines'), await commandLines.stop());
  await writeFile(join(evidence, 'refusals'), scenario.refusals.join('\n'));
  await writeFile(join(evidence, 'terminal'), pilothouse.output.replaceAll(SHOWN_ONCE, '$1'));
  await writeFile(join(evidence, 'operator-program'), written);
  await dumpDatabase(join(evidence, 'database'));
  files = [...(await filesBelow(evidence)), ...(await filesBelow(pilothouse.stateDir)).filter((path) => !keeps(path))];
}, 300_000);

afterAll(async () => {
  await admin?.end();
  await second?.remove();
  await cli?.remove();
  await pilothouse?.remove();
  await rm(evidence, { recursive: true, force: true });
});

async function administratorUrl(): Promise<string> {
  const password = (await readFile(join(pilothouse.stateDir, 'postgres.password'), 'utf8')).trim();
  return `postgres://ph_admin:${password}@127.0.0.1:${await servedPort(pilothouse.stateDir)}/pilothouse`;
}

/** A day with all there is: the API, the operator's program, this machine's agent and another one. @returns what the program wrote beside its answers. */
async function play(): Promise<string> {
  const [, code = ''] = await pilothouse.says(/^Set-up code: (\S+)$/m);
  await scenario.begin(code);
  await scenario.people();
  const operator = () => new Operator(pilothouse, scenario.token);
  const local = await eventually(async () => (await operator().servers())[0] ?? null);
  await operator().untilState(local.id, 'ONLINE');
  await scenario.addServer('never-enrolled');
  second = await EnrolledAgent.start(operator(), 'web-2');
  await operator().untilState(second.serverId, 'ONLINE');
  for (const id of await scenario.commands(local.id)) {
    expect(await operator().finished(id)).toMatchObject({ state: 'SUCCEEDED' });
  }
  await operator().untilIdle(second.serverId);
  const written = await useProgram('web-2');
  await scenario.secondFactor();
  await scenario.mistakes();
  return written;
}

/** The operator's program as a person and as a script uses it, with success and failure. */
async function useProgram(server: string): Promise<string> {
  cli = await CliHarness.make({ PILOTHOUSE_URL: pilothouse.origin });
  const written: string[] = [];
  const run = async (args: string[], stdin?: string) => {
    const { stdout, stderr } = await cli.run(args, stdin);
    written.push(stdout, stderr);
    return stdout;
  };
  const signIn = ['login', '--email', 'owner@example.test', '--password-stdin'];
  await run(signIn, 'canary-never-a-password');
  await run(signIn, PASSWORD);
  scenario.canaries['a password that is none'] = 'canary-never-a-password';
  scenario.canaries['standard input of the program'] = 'canary-piped-into-the-program';
  await run(['run', server, '--', 'sh', '-c', 'cat >/dev/null; sleep 0.2', CONTROL], 'canary-piped-into-the-program');
  await run(['run', server, '--', 'sh', '-c', 'cat >/dev/null; exit 3'], 'canary-piped-into-the-program');
  const making = ['tokens', 'create', 'script', '--scope', 'read', '--days', '1', '--password-stdin', '--json'];
  const made = await cli.run(making, PASSWORD);
  const { token } = JSON.parse(made.stdout) as { token: string };
  scenario.canaries['API token of the program'] = token;
  cli.environment = { ...cli.environment, PILOTHOUSE_TOKEN: token };
  await run(['servers']);
  await run(['run', server, '--', 'true']);
  cli.environment = { ...cli.environment, PILOTHOUSE_TOKEN: `${token.slice(0, -1)}!` };
  await run(['servers']);
  return written.join('\n');
}

/** Secrets that nobody typed: keys, passwords of the database, and those of which only the form is known. */
async function collectKeys(): Promise<void> {
  for (const [name, secret] of Object.entries(scenario.canaries)) needles.set(name, formsOf(secret));
  const read = (path: string) => readFile(join(pilothouse.stateDir, path), 'utf8');
  const [, passphrase = ''] = /^Passphrase of the root key: (\S+)$/m.exec(pilothouse.output) ?? [];
  needles.set('passphrase of the root key', formsOf(passphrase));
  for (const path of ['keys/control-plane.pem', 'keys/root.encrypted.pem', 'signer/command.pem']) {
    needles.set(path, privatePart(createPrivateKey({ key: await read(path), passphrase })));
  }
  const { privateKey } = JSON.parse(await read('agent/identity.json')) as { privateKey: string };
  needles.set('key of the agent', privatePart(createPrivateKey(privateKey)));
  needles.set('sealing key', encodingsOf(Buffer.from(await read('keys/sealing.key'), 'base64')));
  needles.set('administrator’s password', formsOf((await read('postgres.password')).trim()));
  const roles = JSON.parse(await read('database-roles.json')) as Record<string, string>;
  for (const [role, password] of Object.entries(roles)) needles.set(`password of ${role}`, formsOf(password));
}

function privatePart(key: KeyObject): string[] {
  const { d = '' } = key.export({ format: 'jwk' });
  return encodingsOf(Buffer.from(d, 'base64url'));
}

/** Every row of every table as text, bytes also as what they spell. */
async function dumpDatabase(path: string): Promise<void> {
  const { rows: tables } = await admin.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and n.nspname not in ('information_schema', 'pg_toast')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await admin.query<{ text: string }>(`select t::text as text from ${name} t`);
    for (const { text } of rows) texts.push(text, ...spelled(text));
  }
  await writeFile(path, texts.join('\n'));
}

function spelled(text: string): string[] {
  return [...text.matchAll(/\\\\x([0-9a-f]+)/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1'));
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const keeps = (path: string) => KEEPERS.some((keeper) => keeper.path.test(relative(pilothouse.stateDir, path)));

test('no secret is in a log, a command line, an error, the audit log, the database or a file that is not there to hold it', async () => {
  expect(await findNeedles(needles, files)).toEqual([]);
});

test('the search finds what is there: an argument wherever it may be, and each secret in the file that holds it', async () => {
  const controls = await findNeedles(new Map([['control', [CONTROL]]]), files);
  for (const place of ['database', 'command-lines']) expect(controls).toContain(`control in ${join(evidence, place)}`);
  const kept = (await filesBelow(pilothouse.stateDir)).filter(keeps);
  const found = (await findNeedles(needles, kept)).map((hit) => hit.replace(`${pilothouse.stateDir}/`, ''));
  for (const name of ['password of ph_app in database-roles.json', 'sealing key in keys/sealing.key']) {
    expect(found).toContain(name);
  }
  expect(kept).toHaveLength(KEEPERS.length + 1);
  for (const path of kept) expect([path, (await stat(path)).mode & 0o077]).toEqual([path, 0]);
  expect(needles.size).toBeGreaterThan(35);
  expect([...needles.values()].flat().every((form) => form.length >= 8)).toBe(true);
  expect(scenario.refusals.length).toBeGreaterThanOrEqual(18);
});

test('the search went through the logs of every process and the files of the database', () => {
  const searched = files.map((path) => path.replace(`${pilothouse.stateDir}/`, '')).join('\n');
  for (const part of [
    /api.*\.log/,
    /agent.*\.log/,
    /dashboard.*\.log/,
    /postgres\/data\/base/,
    /postgresql-\w+\.log/,
  ]) {
    expect(searched).toMatch(part);
  }
});
