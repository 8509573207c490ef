import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLOSE_CODES, signAnchor } from '@pilothouse/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BuiltAgent, collect, ScriptedControlPlane } from '../testing/index.js';
import type { Finding } from './doctor/finding.js';
import type { AgentStatus } from './status-socket.js';

let built: BuiltAgent;
let agent: BuiltAgent;
let controlPlane: ScriptedControlPlane;
let cases = 0;

beforeAll(async () => {
  built = await BuiltAgent.make();
});
afterAll(() => built.remove());
beforeEach(async () => {
  controlPlane = await ScriptedControlPlane.start();
  agent = built.elsewhere(join(built.directory, `state-${++cases}`));
});
afterEach(() => controlPlane.stop());

const install = (...more: string[]) => ['enrol', '--url', controlPlane.url, '--pin', controlPlane.keys.pin, ...more];
const enrol = () => agent.run(install(), controlPlane.issueToken());
const onlyAgent = () => [...controlPlane.agents.keys()].at(-1) ?? '';

async function enrolAndRun(settings: Record<string, string> = {}) {
  await enrol();
  const child = agent.spawn(['run'], settings);
  const output = collect(child);
  await controlPlane.subscriptions.take();
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
    return child.exitCode;
  };
  return { child, output, stop };
}

const askStatus = async () => {
  const { stdout, exitCode } = await agent.run(['status', '--json']);
  return { status: JSON.parse(stdout) as AgentStatus | null, exitCode };
};

const examine = async (settings: Record<string, string> = {}) => {
  const { stdout, exitCode } = await agent.run(['doctor', '--json'], '', settings);
  const failed = (JSON.parse(stdout) as Finding[]).filter(({ ok }) => !ok);
  return { failed, exitCode, stdout };
};

describe('enrol', () => {
  it('takes the token from standard input, tells the server, and shows the token nowhere', async () => {
    const token = controlPlane.issueToken();
    const { stdout, stderr, exitCode } = await agent.run(install(), `${token}\n`);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain(controlPlane.agents.get(onlyAgent())?.serverId);
    expect(stdout).not.toContain(token);
  });

  it('takes the token from a file', async () => {
    await mkdir(agent.stateDirectory, { mode: 0o700 });
    const file = join(agent.stateDirectory, 'token');
    await writeFile(file, `${controlPlane.issueToken()}\n`);
    expect((await agent.run(install('--token-file', file))).exitCode).toBe(0);
  });

  it('refuses a token as an argument', async () => {
    const { stderr, exitCode } = await agent.run(install(controlPlane.issueToken()));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Unexpected argument');
  });

  it('refuses to send the token without encryption to another machine', async () => {
    const args = ['enrol', '--url', 'http://192.0.2.1:7700', '--pin', controlPlane.keys.pin];
    const { stderr, exitCode } = await agent.run(args, controlPlane.issueToken());
    expect(exitCode).toBe(1);
    expect(stderr).toContain('is not encrypted');
  });

  it('keeps an enrolled host until told to replace it', async () => {
    await enrol();
    const [first] = controlPlane.agents.keys();
    const again = await agent.run(install(), controlPlane.issueToken());
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--replace') });
    await writeFile(join(agent.stateDirectory, 'anchors.jsonl'), 'of the former server\n');
    expect((await agent.run(install('--replace'), controlPlane.issueToken())).exitCode).toBe(0);
    expect(onlyAgent()).not.toBe(first);
    expect((await readdir(agent.stateDirectory)).sort()).toEqual(['agent.lock', 'identity.json', 'keyset.json']);
  });
});

describe('run', () => {
  it('runs a signed command and tells its signed result, facts, health and figures', async () => {
    const { stop } = await enrolAndRun();
    const id = controlPlane.sendCommand(onlyAgent(), ['echo', 'hello']);
    expect(await controlPlane.resultOf(onlyAgent(), id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0 });
    const output = await controlPlane.frameOf('output');
    expect('output' in output && Buffer.from(output.output.data, 'base64').toString()).toBe('hello\n');
    await Promise.all(['facts', 'health'].map((kind) => controlPlane.frameOf(kind)));
    expect(await stop()).toBe(0);
  });

  it('runs a command also when it was started from a clone', async () => {
    agent = agent.as(fileURLToPath(new URL('../../bin/pilothouse-agent.js', import.meta.url)));
    const { stop } = await enrolAndRun();
    const id = controlPlane.sendCommand(onlyAgent(), ['echo', 'hello']);
    expect(await controlPlane.resultOf(onlyAgent(), id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0 });
    expect(await stop()).toBe(0);
  });

  it('is refused to an agent without its runner, which could run no command', async () => {
    await enrol();
    const program = join(agent.stateDirectory, 'pilothouse-agent.cjs');
    await copyFile(agent.argv.at(-1) ?? '', program);
    const { exitCode, stderr } = await agent.as(program).run(['run']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `${join(agent.stateDirectory, 'runner.cjs')} is missing, without which no command can run.`,
    );
  });

  it('runs nothing and says so when commands are switched off', async () => {
    const { output, child, stop } = await enrolAndRun({ COMMANDS: 'false' });
    controlPlane.sendCommand(onlyAgent(), ['touch', join(agent.stateDirectory, 'harm')]);
    while (!output.stderr.includes('Commands are switched off')) await once(child.stderr!, 'data');
    expect(await readdir(agent.stateDirectory)).not.toContain('harm');
    expect((await agent.run(['status'])).stdout).toMatch(/^Commands +switched off$/m);
    expect(await stop()).toBe(0);
  });

  it('is refused to a second agent on the same state, and works again after kill -9 of the first', async () => {
    const { child } = await enrolAndRun();
    const second = await agent.run(['run']);
    expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('already at work') });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const third = agent.spawn(['run']);
    await controlPlane.subscriptions.take();
    expect((await askStatus()).exitCode).toBe(0);
    third.kill('SIGTERM');
    await once(third, 'exit');
  });

  it('cancels what runs when it is stopped, where configured, and tells that before it goes', async () => {
    const { stop, output } = await enrolAndRun({ ON_STOP: 'cancel' });
    const id = controlPlane.sendCommand(onlyAgent(), ['sleep', '600']);
    await controlPlane.frameOf('started');
    expect(await stop()).toBe(0);
    expect(await controlPlane.resultOf(onlyAgent(), id)).toMatchObject({
      state: 'CANCELLED',
      reason: expect.stringContaining('SIGTERM'),
    });
    expect(output.stderr).not.toMatch(/ (warn|error) /);
  });

  it('ends with npx, whose shell passes on no signal', async () => {
    await enrol();
    const shell = spawn('/bin/sh', ['-c', `${agent.argv.join(' ')} run; true`], {
      env: { ...agent.environment(), npm_command: 'exec' },
    });
    await controlPlane.subscriptions.take();
    const output = collect(shell);
    shell.kill('SIGTERM');
    // Whatever goes on holds the output open.
    await once(shell, 'close');
    expect(output.stderr).toContain('Stopping');
    expect((await askStatus()).status).toBeNull();
  });

  it('leaves what runs otherwise, and tells its result after the next start', async () => {
    const first = await enrolAndRun();
    const mark = join(agent.stateDirectory, 'go');
    const id = controlPlane.sendCommand(onlyAgent(), ['sh', '-c', `until [ -e ${mark} ]; do sleep 0.05; done; exit 3`]);
    await controlPlane.frameOf('started');
    expect(await first.stop()).toBe(0);
    await writeFile(mark, '');
    const second = agent.spawn(['run']);
    expect(await controlPlane.resultOf(onlyAgent(), id)).toMatchObject({ state: 'FAILED', exitCode: 3 });
    second.kill('SIGTERM');
    await once(second, 'exit');
  });

  it('keeps audit anchors that are signed, and newer keysets', async () => {
    const { stop } = await enrolAndRun();
    const { keys } = controlPlane;
    keys.version = 2;
    const workspaceId = controlPlane.agents.get(onlyAgent())?.workspaceId ?? '';
    const unsigned = { workspaceId, sequence: 7, hash: 'ab'.repeat(32), time: '2026-01-01T00:00:00.000Z' };
    controlPlane.send('KeysetInstruction', { ...keys.keyset() });
    controlPlane.send('AnchorInstruction', { ...signAnchor(keys.command, unsigned) });
    controlPlane.send('AnchorInstruction', { ...signAnchor(keys.root, { ...unsigned, sequence: 8 }) });
    const id = controlPlane.sendCommand(onlyAgent(), ['true']);
    await controlPlane.resultOf(onlyAgent(), id);
    expect(await stop()).toBe(0);
    const anchors = (await readFile(join(agent.stateDirectory, 'anchors.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(anchors.map((line) => (JSON.parse(line) as { sequence: number }).sequence)).toEqual([7]);
    const stored = JSON.parse(await readFile(join(agent.stateDirectory, 'keyset.json'), 'utf8')) as { keyset: string };
    expect(JSON.parse(Buffer.from(stored.keyset, 'base64').toString())).toMatchObject({ version: 2 });
  });

  it('remembers a raised generation over restarts', async () => {
    const first = await enrolAndRun();
    await first.stop();
    controlPlane.generation = 2;
    const second = agent.spawn(['run']);
    await controlPlane.subscriptions.take();
    second.kill('SIGTERM');
    await once(second, 'exit');
    const stored = JSON.parse(await readFile(join(agent.stateDirectory, 'identity.json'), 'utf8')) as object;
    expect(stored).toMatchObject({ generation: 2 });
  });

  it('says what to do on a host that is not enrolled', async () => {
    const { stderr, exitCode } = await agent.run(['run']);
    expect({ stderr, exitCode }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('pilothouse-agent enrol'),
    });
  });

  it('refuses a pin of the configuration that is not the one it enrolled with', async () => {
    await enrol();
    const { stderr, exitCode } = await agent.run(['run'], '', { PIN: 'ab'.repeat(32) });
    expect({ stderr, exitCode }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('another control plane'),
    });
  });
});

describe('status', () => {
  it('tells the state of the link, for the agent’s own user only', async () => {
    const { child, stop } = await enrolAndRun();
    expect(await askStatus()).toMatchObject({
      exitCode: 0,
      status: {
        pid: child.pid,
        url: controlPlane.url,
        link: { state: 'ONLINE', lastError: null, epoch: { generation: 1, counter: 1 }, protocolVersion: 1 },
        key: { id: expect.any(String), ageDays: 0 },
        capabilities: {
          commands: { figures: { running: [], queued: 0 } },
          metrics: { figures: { droppedTicks: 0 } },
        },
      },
    });
    const { stdout } = await agent.run(['status']);
    expect(stdout).toMatch(/^Link +online since/);
    expect(stdout).toMatch(/^Protocol +version 1$/m);
    expect(stdout).toMatch(/^Key +[0-9a-f]+, 0 days old$/m);
    expect(stdout).toMatch(/^Commands +0 running, 0 waiting\nMetrics +\d+ KiB buffered, 0 dropped$/m);
    expect((await stat(join(agent.stateDirectory, 'agent.sock'))).mode & 0o777).toBe(0o600);
    await stop();
    expect(await askStatus()).toEqual({ status: null, exitCode: 3 });
  });

  it('shows why the control plane turned the agent away', async () => {
    const { stop, child } = await enrolAndRun();
    const output = collect(child);
    controlPlane.closeAll(CLOSE_CODES.REVOKED.code, 'revoked');
    while (!output.stderr.includes('Not connected')) await once(child.stderr!, 'data');
    const { status, exitCode } = await askStatus();
    expect({ exitCode, link: status?.link }).toMatchObject({
      exitCode: 1,
      link: { state: 'PAUSED', lastError: CLOSE_CODES.REVOKED.meaning },
    });
    expect((await examine()).failed).toMatchObject([
      { name: 'running agent', advice: expect.stringContaining('Enrol') },
    ]);
    expect(await stop()).toBe(0);
  });

  it('works below a path that is too long for a socket’s name', async () => {
    agent = built.elsewhere(join(built.directory, 'd'.repeat(60), 'e'.repeat(60)));
    const { stop } = await enrolAndRun();
    expect((await askStatus()).exitCode).toBe(0);
    expect(await stop()).toBe(0);
  });
});

describe('doctor', () => {
  it('finds nothing wrong with an agent that works', async () => {
    const { stop } = await enrolAndRun();
    expect(await examine()).toMatchObject({ failed: [], exitCode: 0 });
    const { stdout } = await agent.run(['doctor']);
    expect(stdout).toMatch(/^ok {3}challenge +comes with the upgrade$/m);
    await stop();
  });

  it.each<[string, () => void, Record<string, string>, string]>([
    ['a control plane that is down', () => {}, { URL: 'http://127.0.0.1:1' }, 'connection'],
    ['a name that does not exist', () => {}, { URL: 'https://pilothouse.invalid' }, 'name'],
    ['another control plane', () => {}, { PIN: 'ab'.repeat(32) }, 'keyset'],
    ['a proxy that does not pass the upgrade', () => (controlPlane.faults.refuseUpgrade = 400), {}, 'WebSocket'],
    ['a path that is not the host’s own', () => {}, { HOST_POLICY: '/etc/passwd' }, 'host policy'],
  ])('names %s and what to do', async (_what, set, settings, name) => {
    await enrol();
    set();
    const { failed, exitCode } = await examine(settings);
    expect(exitCode).toBe(1);
    expect(failed).toContainEqual({
      name,
      ok: false,
      message: expect.any(String),
      advice: expect.stringMatching(/\.$/),
    });
  });

  it('tells that a proxy strips the challenge and that the way round it works', async () => {
    await enrol();
    controlPlane.faults.stripChallengeHeader = true;
    const { stdout } = await examine();
    expect(stdout).toContain('asking for it separately works');
  });
});

describe('uninstall', () => {
  it('refuses while the agent runs, then removes everything and says what is left', async () => {
    const { stop } = await enrolAndRun();
    expect((await agent.run(['uninstall', '--yes'])).exitCode).toBe(1);
    await stop();
    expect((await agent.run(['uninstall'])).stderr).toContain('--yes');
    const { stdout, exitCode } = await agent.run(['uninstall', '--yes']);
    expect({ stdout, exitCode }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('remove it there') });
    await expect(stat(agent.stateDirectory)).rejects.toThrow('ENOENT');
  });
});

describe('the command line', () => {
  it.each(['enrol', 'run', 'status', 'doctor', 'config', 'version', 'uninstall'])('explains %s', async (word) => {
    expect((await agent.run(['--help'])).stdout).toContain(`  ${word} `);
    const { stdout, exitCode } = await agent.run([word, '--help']);
    expect({ stdout, exitCode }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`pilothouse-agent ${word}`),
    });
  });

  it.each([
    [['bogus'], 'There is no command bogus'],
    [['run', '--x'], "Unknown option '--x'"],
    [['constructor'], 'There is no'],
  ])('refuses %j', async (args, message) => {
    expect(await agent.run(args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  it('prints what enrolment remembered where the configuration says nothing', async () => {
    await enrol();
    const rows = JSON.parse((await agent.run(['config', '--json'])).stdout) as { name: string }[];
    expect(rows.find(({ name }) => name === 'url')).toEqual({
      name: 'url',
      value: controlPlane.url,
      source: 'enrolment',
      from: 'enrolment',
    });
  });

  it('prints the configuration in force', async () => {
    const { stdout } = await agent.run(['config', '--json'], '', { ON_STOP: 'cancel' });
    expect(JSON.parse(stdout)).toContainEqual({
      name: 'on_stop',
      value: 'cancel',
      source: 'environment',
      from: 'PILOTHOUSE_AGENT_ON_STOP',
    });
  });
});
