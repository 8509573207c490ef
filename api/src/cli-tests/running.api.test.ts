import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TcpProxy } from '@pilothouse/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, TestApi } from '../testing/index.js';
import { CliHarness } from './testing/cli-harness.js';
import { TlsFront } from './testing/tls-front.js';
import { TestHost } from './testing/test-host.js';

let api: TestApi;
let cli: CliHarness;
let host: TestHost;

beforeAll(async () => {
  api = await TestApi.start();
  await api.setUp();
  cli = await CliHarness.make({ PILOTHOUSE_URL: api.origin });
  await cli.json(['login', '--email', 'owner@example.test', '--password-stdin'], PASSWORD);
  host = await TestHost.enrol(cli, 'web-1', { url: api.origin, password: PASSWORD });
});

afterAll(async () => {
  await host?.remove();
  await cli?.remove();
  await api.stop();
});

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('run', () => {
  it('passes both streams on unchanged, byte for byte, and ends with the remote exit code', async () => {
    const script = String.raw`printf '\000\377\033[31mout'; printf '\200err' >&2; exit 7`;
    const running = cli.start(['run', 'web-1', '--', 'sh', '-c', script]);
    const { code } = await running.ended;
    expect(running.bytes('stdout')).toEqual(Buffer.from('\0\xff\x1b[31mout', 'latin1'));
    expect(running.bytes('stderr')).toEqual(Buffer.from('\x80err', 'latin1'));
    expect(code).toBe(7);
  });

  it('passes standard input on, also the largest, and refuses one byte more', async () => {
    const largest = Buffer.alloc(256 * 1024, 'x');
    const { code, stdout, stderr } = await cli.run(['run', 'web-1', '--', 'wc', '-c'], largest);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toBe('262144');
    expect(await cli.run(['run', 'web-1', '--', 'wc', '-c'], Buffer.concat([largest, Buffer.from('x')]))).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Standard input may have at most 256 KiB.\n',
    });
  });

  it('takes a script from a file or from standard input, with directory, environment and interpreter', async () => {
    const path = join(cli.directory, 'script.sh');
    await writeFile(path, 'echo "$PWD $GREETING"; cat');
    const options = ['--cwd', '/tmp', '--env', 'GREETING=a=b', '--interpreter', 'bash'];
    const fromFile = await cli.run(['run', 'web-1', '--script', path, ...options], 'given');
    expect(fromFile).toEqual({ code: 0, stdout: '/tmp a=b\ngiven', stderr: '' });
    const fromInput = await cli.run(['run', 'web-1', '--script', '-'], 'exit 3');
    expect(fromInput).toEqual({ code: 3, stdout: '', stderr: '' });
  });

  it('tells in JSON what was written and how it ended', async () => {
    const { stdout, code } = await cli.run(['run', 'web-1', '--json', '--', 'sh', '-c', 'echo hello; exit 4']);
    const [queued, output, result] = lines(stdout);
    expect(queued).toMatchObject({ type: 'queued' });
    expect(output).toEqual({ type: 'output', seq: 1, stream: 'STDOUT', dataBase64: 'aGVsbG8K' });
    expect(result).toMatchObject({ type: 'result', command: { id: queued.commandId, state: 'FAILED', exitCode: 4 } });
    expect(code).toBe(4);
  });

  it('ends as the command does: time-out, signal, and a program that is not there', async () => {
    const late = await cli.run(['run', 'web-1', '--timeout', '200ms', '--', 'sleep', '30']);
    expect(late.code).toBe(124);
    expect(late.stderr).toContain('timed out');
    const killed = await cli.run(['run', 'web-1', '--', 'sh', '-c', 'kill -9 $$']);
    expect(killed.code).toBe(137);
    const missing = await cli.run(['run', 'web-1', '--', 'no-such-program']);
    expect(missing.code).toBe(127);
  });

  it('says where options of the program go', async () => {
    for (const start of [
      ['run', 'web-1'],
      ['runs', '--all'],
    ]) {
      expect(await cli.run([...start, 'ls', '-l'])).toEqual({
        code: 2,
        stdout: '',
        stderr: "Unknown option '-l'. Put -- before the program, as in: -- ls -l.\n",
      });
    }
  });

  it('cancels on the first Ctrl-C and waits for the confirmation', async () => {
    const running = cli.start(['run', 'web-1', '--', 'sh', '-c', 'echo started; sleep 60']);
    await running.says('stdout', 'started');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('cancelled');
  });

  it('leaves the command running on the second Ctrl-C', async () => {
    // It does not heed SIGTERM, so that the cancel cannot be confirmed before the second Ctrl-C.
    const script = `trap '' TERM; echo started; while :; do sleep 1; done`;
    const running = cli.start(['run', 'web-1', '--', 'sh', '-c', script]);
    await running.says('stdout', 'started');
    running.child.kill('SIGINT');
    await running.says('stderr', 'Stopping');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Left running\. Look after it with pilothouse logs [0-9a-f-]{36} --follow\./);
  });

  it('goes on after lost connections without gap or duplicate', async () => {
    const proxy = await TcpProxy.start(api.origin);
    try {
      const expected = Array.from({ length: 400 }, (_, index) => `line ${index}\n`).join('');
      const script = 'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); sleep 0.005; done';
      const args = ['run', 'web-1', '--url', proxy.url, '--', 'sh', '-c', script];
      const token = JSON.parse(await readCredentials()).controlPlanes[api.origin].token;
      const before = cli.environment;
      cli.environment = { ...before, PILOTHOUSE_TOKEN: token };
      const running = cli.start(args);
      cli.environment = before;
      for (const seen of ['line 40\n', 'line 150\n', 'line 260\n']) {
        await running.says('stdout', seen);
        proxy.cut();
      }
      const { code, stdout, stderr } = await running.ended;
      expect(stdout).toBe(expected);
      expect(stderr).toContain('Connection lost. Reconnecting.\nReconnected, nothing lost.\n');
      expect(code).toBe(0);
    } finally {
      await proxy.stop();
    }
  });

  it('streams through TLS with a pinned certificate', async () => {
    const front = await TlsFront.before(api.origin, join(cli.directory, 'tls'));
    const pinned = await CliHarness.make({ PILOTHOUSE_URL: front.origin });
    try {
      const login = ['login', '--email', 'owner@example.test', '--pin', front.pin, '--password-stdin'];
      await pinned.json(login, PASSWORD);
      expect(await pinned.run(['run', 'web-1', '--', 'echo', 'sealed'])).toEqual({
        code: 0,
        stdout: 'sealed\n',
        stderr: '',
      });
    } finally {
      await pinned.remove();
      await front.close();
    }
  });

  it('says how much of a long output was not kept', async () => {
    const { stdout: id } = await cli.run(['run', 'web-1', '--detach', '--', 'head', '-c', '7000000', '/dev/zero']);
    await cli.run(['logs', id.trim(), '--follow']);
    const { stdout, stderr, code } = await cli.run(['logs', id.trim()]);
    expect(code).toBe(0);
    const notKept = 7_000_000 - stdout.length;
    expect(notKept).toBeGreaterThan(0);
    expect(stdout.length).toBeGreaterThan(4 * 1024 * 1024);
    expect(stderr).toContain(`${(notKept / 1024 / 1024).toFixed(1)} MiB of output were not kept`);
  });
});

async function readCredentials(): Promise<string> {
  return readFile(cli.credentialsFile, 'utf8');
}

describe('the history', () => {
  it('lists and shows commands, prints what one has written so far, and cancels it', async () => {
    const running = cli.start(['run', 'web-1', '--', 'sh', '-c', 'echo so far; sleep 60']);
    await running.says('stdout', 'so far');
    const [newest] = await cli.json(['commands', '--limit', '1']);
    expect(newest).toMatchObject({
      serverName: 'web-1',
      state: 'RUNNING',
      program: { argv: ['sh', '-c', 'echo so far; sleep 60'] },
    });
    expect(await cli.run(['logs', newest.id])).toEqual({ code: 0, stdout: 'so far\n', stderr: '' });
    const { stdout } = await cli.run(['commands', 'show', newest.id]);
    expect(stdout).toContain(`sh -c 'echo so far; sleep 60'`);
    expect(stdout).toMatch(/^asked by +owner@example\.test$/m);
    const { actor } = await cli.json(['commands', 'show', newest.id]);
    expect(actor).toMatchObject({ kind: 'USER', id: actor.person.id });
    expect(await cli.run(['cancel', newest.id])).toMatchObject({ code: 0, stdout: 'Asked its agent to end it.\n' });
    expect((await running.ended).code).toBe(130);
    expect(await cli.run(['cancel', newest.id])).toMatchObject({ code: 1, stdout: '' });
  });

  it('runs an earlier command again', async () => {
    const { stdout: id } = await cli.run(['run', 'web-1', '--detach', '--', 'echo', 'again']);
    expect(await cli.run(['commands', 'rerun', id.trim()])).toEqual({ code: 0, stdout: 'again\n', stderr: '' });
  });
});

describe('runs', () => {
  it('groups results by exit code and output, and ends with 1 where one failed', async () => {
    const good = await cli.run(['runs', '--tag', 'web', '--', 'echo', 'hello']);
    expect(good.stdout).toContain('● 1 server succeeded, exit 0\n  web-1\n  │ hello\n');
    expect(good.code).toBe(0);
    const bad = await cli.run(['runs', '--all', '--json', '--', 'sh', '-c', 'echo oops >&2; exit 9']);
    expect(bad.code).toBe(1);
    const { run, groups } = JSON.parse(bad.stdout);
    expect(run).toMatchObject({ state: 'FINISHED', progress: [{ state: 'FAILED', count: 1 }] });
    expect(groups).toMatchObject([
      { state: 'FAILED', exitCode: 9, stderr: 'oops\n', results: [{ serverName: 'web-1' }] },
    ]);
    expect((await cli.run(['runs', 'show', run.id])).stdout).toContain('■ 1 server failed, exit 9');
  });

  it('previews, and refuses a target that is empty or missing', async () => {
    expect(await cli.run(['runs', '--group', 'no-such', '--', 'true'])).toMatchObject({ code: 5 });
    expect(await cli.run(['runs', '--all', '--preview'])).toMatchObject({
      code: 0,
      stdout: 'Runs on 1 server: web-1.\n',
    });
    const nowhere = await cli.run(['runs', '--tag', 'no-such-tag', '--', 'true']);
    expect(nowhere).toEqual({
      code: 5,
      stdout: '',
      stderr: 'No server on which you may run commands has the tag no-such-tag.\n',
    });
    expect(await cli.run(['runs', '--', 'true'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Say where to run it: --server, --tag, --group or --all.\n',
    });
  });

  it('names whom it leaves out and why, beforehand and when it runs, in the same words', async () => {
    await cli.json(['server', 'add', 'new-1', '--profile', 'operator', '--password-stdin'], PASSWORD);
    try {
      const leftOut = 'Left out, not enrolled yet: new-1.\n';
      expect(await cli.run(['runs', '--all', '--preview'])).toMatchObject({
        stdout: `Runs on 1 server: web-1.\n${leftOut}`,
      });
      expect(await cli.run(['runs', '--all', '--', 'true'])).toMatchObject({ code: 0, stderr: leftOut });
    } finally {
      await cli.json(['server', 'remove', 'new-1', '--yes', '--password-stdin'], PASSWORD);
    }
  });

  it('and its commands are found by the beginning of their ids', async () => {
    const [run] = await cli.json(['runs', 'list']);
    expect(await cli.json(['runs', 'show', run.id.slice(0, 30)])).toMatchObject({ run: { id: run.id } });
    const [command] = await cli.json(['commands', '--run', run.id.slice(0, 30)]);
    expect(await cli.json(['commands', 'show', command.id.slice(0, 30)])).toMatchObject({ id: command.id });
    expect(await cli.run(['logs', '0000ffff'])).toEqual({
      code: 5,
      stdout: '',
      stderr: 'There is no command 0000ffff.\n',
    });
  });

  it('stops a run on Ctrl-C', async () => {
    const running = cli.start(['runs', '--all', '--', 'sh', '-c', 'echo begun; sleep 60']);
    for (let state = ''; state !== 'RUNNING';) [{ state }] = await cli.json(['commands', '--limit', '1']);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/✕ 1 server cancelled/);
  });
});

describe('an offline server', () => {
  it('is refused with what to do, and gets the command when it is back if told so', async () => {
    await host.stopAgent();
    const refusal = await cli.run(['run', 'web-1', '--', 'true']);
    expect(refusal.code).toBe(6);
    const wait = 'With --deliver-when-back it waits.';
    expect(refusal.stderr).toBe(`web-1 is offline, and the command was not to wait for its return. ${wait}\n`);
    expect(await cli.run(['runs', '--server', 'web-1', '--', 'true'])).toEqual({
      code: 6,
      stdout: '',
      stderr: `The chosen server is offline, and the command was not to wait. ${wait}\n`,
    });
    expect((await cli.run(['runs', '--all', '--preview'])).stdout).toBe(
      'Runs on 0 servers.\nLeft out, offline: web-1.\n',
    );
    const waiting = cli.start(['run', 'web-1', '--deliver-when-back', '--', 'echo', 'back']);
    await host.startAgent();
    expect(await waiting.ended).toEqual({ code: 0, stdout: 'back\n', stderr: '' });
  });
});
