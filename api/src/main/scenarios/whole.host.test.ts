import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostVariables } from '../../kernel/environment.js';
import { TestApi } from '../../testing/index.js';

const AGENT = resolve('agent/dist/bundle/pilothouse-agent.cjs');

let api: TestApi;
let token: string;
let serverId: string;
let agent: ChildProcess;
let directory: string;

beforeAll(async () => {
  api = await TestApi.start();
  token = await api.stepUp((await api.setUp()).token);
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-agent-'));
  const { data, message } = await api.ask(
    `mutation ($input: CreateServerInput!) { createServer(input: $input) { ... on ServerEnrolment { server { id } enrolment { token rootFingerprint } } ... on Refusal { message } } }`,
    { token, variables: { input: { name: 'web-1', profile: 'FULL_ACCESS', idempotencyKey: 'web-1' } } },
  );
  if (message) throw new Error(message);
  serverId = data.createServer.server.id;
  const env = { ...hostVariables(), PILOTHOUSE_AGENT_STATE_DIRECTORY: directory };
  const enrol = spawn(
    process.execPath,
    [AGENT, 'enrol', '--url', api.origin, '--pin', data.createServer.enrolment.rootFingerprint],
    { env, stdio: ['pipe', 'inherit', 'inherit'] },
  );
  enrol.stdin.end(data.createServer.enrolment.token);
  const code = await new Promise((done) => enrol.once('exit', done));
  if (code !== 0) throw new Error(`Enrolment ended with ${String(code)}`);
  agent = spawn(process.execPath, [AGENT, 'run'], { env, stdio: ['ignore', 'inherit', 'inherit'] });
});
afterAll(async () => {
  agent.kill('SIGTERM');
  await new Promise((done) => agent.once('exit', done));
  await api.stop();
  await rm(directory, { recursive: true, force: true });
});

it('runs a command on an enrolled host and streams its output', async () => {
  const client = api.socket({ token });
  const changes = client.iterate<{ serverChanged: { server: { state: string } } }>({
    query: `subscription { serverChanged(afterSeq: 0) { seq server { state } } }`,
  });
  for await (const { data, errors } of changes) {
    expect(errors).toBeUndefined();
    if (data?.serverChanged.server.state === 'ONLINE') break;
  }
  const run = async (argv: string[]) => {
    const { data, message } = await api.ask(
      `mutation ($input: RunCommandInput!) { runCommand(input: $input) { __typename ... on Command { id state } ... on Refusal { message } } }`,
      {
        token,
        variables: { input: { serverId, command: { argv }, idempotencyKey: randomUUID() } },
      },
    );
    expect(message).toBeUndefined();
    const { id } = data.runCommand;
    const output = client.iterate<{ commandOutput: { stream: string; data: string; end: boolean } }>({
      query: `subscription ($id: ID!) { commandOutput(commandId: $id) { seq stream data end missingBytes } }`,
      variables: { id },
    });
    let text = '';
    for await (const { data: piece, errors } of output) {
      expect(errors).toBeUndefined();
      text += Buffer.from(piece!.commandOutput.data, 'base64').toString();
    }
    const command = await api.ask(`query ($id: ID!) { command(id: $id) { state exitCode } }`, {
      token,
      variables: { id },
    });
    return { text, ...command.data.command };
  };
  expect(await run(['echo', 'hello'])).toMatchObject({ text: 'hello\n', state: 'SUCCEEDED', exitCode: 0 });
  const fails = await run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
  expect(fails).toMatchObject({ state: 'FAILED', exitCode: 3 });
  expect(fails.text.split('\n').sort()).toEqual(['', 'err', 'out']);
  expect(await run(['/no/such/program'])).toMatchObject({ text: '', state: 'FAILED', exitCode: 127 });
  await client.dispose();
});
