import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBootId } from '../../kernel/boot-id.js';
import { BootedHost, canBootHosts } from '../../testing/index.js';
import { identifyProcess } from './runner/process-identity.js';
import { CommandHost, type HostWish } from './testing/command-host.js';
import { argv, sh } from './testing/envelopes.js';
import { RemoteLauncher } from './testing/remote-launcher.js';
import { bundle, bundleRunner, removeBundles } from './testing/runner-bundle.js';

const isRoot = process.getuid?.() === 0;
const GAMES_UID = 5;
let runnerPath: string;
let scratch: string;
beforeAll(async () => {
  runnerPath = bundleRunner();
  scratch = await mkdtemp(join(tmpdir(), 'ph-test-'));
  await chmod(scratch, 0o755);
});
afterAll(removeBundles);
afterAll(() => rm(scratch, { recursive: true }));

/** Where commands run, and what a test needs to know of that. */
interface Place {
  start(wish: Omit<HostWish, 'runnerPath'>): Promise<CommandHost>;
  isAlive(pid: number): Promise<boolean>;
}

describe('on this machine, in sessions', () => {
  itKeepsTheContract({
    start: (wish) => CommandHost.start({ runnerPath, ...wish }),
    isAlive: async (pid) => identifyProcess(pid) !== null,
  });
});

describe('a runner that dies before it takes its command', () => {
  it('leaves a command that is told as not run', async () => {
    const broken = join(scratch, 'broken-runner.cjs');
    await writeFile(broken, `process.stdin.once('data', () => process.exit(1));`);
    const host = await CommandHost.start({ runnerPath: broken });
    const { state, outcome, startedAt, reason } = await host.run({ program: argv('true') });
    expect({ state, outcome, startedAt }).toEqual({ state: 'FAILED', outcome: 'KNOWN', startedAt: null });
    expect(reason).toBe('The command was not run: its runner ended before it took it');
    await host.stop();
  });
});

describe.runIf(canBootHosts())('on a host with systemd, in units [needs systemd-nspawn]', () => {
  let booted: BootedHost;
  let program: string;
  beforeAll(async () => {
    program = bundle('./launcher-process.ts');
    booted = await BootedHost.start({ shared: [scratch, dirname(runnerPath), dirname(program)] });
  });
  afterAll(() => booted?.cutPower());

  const makeLauncher = () => new RemoteLauncher(booted, program, { runnerPath });
  const start = async (wish: Omit<HostWish, 'runnerPath'>) => {
    const stateDirectory = await mkdtemp(join(scratch, 'state-'));
    return CommandHost.start({ runnerPath, stateDirectory, launcher: makeLauncher(), ...wish });
  };
  itKeepsTheContract({
    start,
    isAlive: async (pid) => /^[^ZX]/.test((await booted.run(['ps', '-o', 'state=', '-p', `${pid}`])).stdout),
  });

  it('are on disk with the name of their unit and the boot before the unit exists', async () => {
    const launcher = makeLauncher();
    const launch = launcher.launch.bind(launcher);
    const before: { journal?: string; unit?: string } = {};
    launcher.launch = async (task) => {
      before.journal = await readFile(join(dirname(dirname(task.directory)), 'commands.journal'), 'utf8');
      before.unit = await booted.ask('systemctl', 'show', '--property=LoadState', '--', launcher.unitOf(task));
      await launch(task);
    };
    const host = await start({ launcher });
    const { commandId } = await host.run({ program: argv('true') });
    const unit = `ph-cmd-${commandId}.service`;
    expect(before.unit).toBe('LoadState=not-found');
    const started = before.journal?.split('\n').find((line) => line.includes('"started"'));
    expect(started).toContain(`"unit":"${unit}"`);
    expect(started).toContain(`"bootId":"${await readBootId()}"`);
    await host.stop();
  });

  it('leave no unit behind, however they ended', async () => {
    const listUnits = ['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'ph-cmd-*'];
    while ((await booted.ask(...listUnits)) !== '');
    expect(await booted.ask('systemctl', 'is-system-running')).toBe('running');
  });
});

/** What holds of every command, wherever it runs. */
function itKeepsTheContract(place: Place) {
  let host: CommandHost;
  beforeAll(async () => {
    host = await place.start({});
  });
  afterAll(() => host.stop());

  async function text(wish: Parameters<CommandHost['run']>[0]): Promise<string> {
    return (await host.outputOf(await host.run(wish))).toString();
  }

  describe('a command', () => {
    it('tells stdout and stderr apart, also by name, and ends with its exit code', async () => {
      const result = await host.run({ program: sh('echo out; echo err >/dev/stderr; exit 3') });
      expect(result).toMatchObject({ state: 'FAILED', exitCode: 3, signal: null, reason: null, outcome: 'KNOWN' });
      expect((await host.outputOf(result)).toString()).toBe('out\n');
      expect((await host.outputOf(result, 'STDERR')).toString()).toBe('err\n');
    });

    it('succeeds with exit code 0 and gives digest and size of all it wrote', async () => {
      const result = await host.run({ program: argv('printf', 'abc') });
      const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      expect(result).toMatchObject({ state: 'SUCCEEDED', exitCode: 0, stdout: { bytes: 3, sha256 } });
    });

    it('says by which signal it died', async () => {
      expect(await host.run({ program: sh('kill -SEGV $$') })).toMatchObject({
        state: 'FAILED',
        exitCode: null,
        signal: 'SIGSEGV',
      });
    });

    it('passes NUL bytes and invalid UTF-8 unchanged', async () => {
      const bytes = Buffer.from([0, 255, 254, 0xc3, 0x28, 10, 0, 0x80]);
      const result = await host.run({ program: argv('cat'), arguments: { stdin: bytes.toString('base64') } });
      expect(await host.outputOf(result)).toEqual(bytes);
    });

    it('takes arguments literally, whatever they hold', async () => {
      const nasty = ['; touch /tmp/pwned', '$(id)', '`id`', 'a\nb', '-n', "'", '"', '', '*'];
      expect(await text({ program: argv('printf', '%s|', ...nasty) })).toBe(nasty.map((entry) => `${entry}|`).join(''));
    });

    it('finds an empty standard input where none was given', async () => {
      expect(await text({ program: argv('wc', '-c') })).toBe('0\n');
    });

    it('starts from a clean environment and nothing of the agent’s own', async () => {
      const lines = (await text({ program: argv('env'), arguments: { environment: { GREETING: 'hi there' } } })).split(
        '\n',
      );
      const names = lines.filter((line) => line !== '').map((line) => line.split('=')[0]);
      expect(new Set(names)).toEqual(new Set(['GREETING', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'USER']));
      expect(lines).toContain('GREETING=hi there');
    });

    it('leads its own process group, and has its pipes twice and no file of the agent', async () => {
      const output = await text({ program: sh('test $(ps -o pgid= -p $$) -eq $$ && echo leads; ls -l /proc/$$/fd') });
      expect(output).toMatch(/^leads\n/);
      const ofAgent = output.split('\n').filter((line) => line.includes(host.stateDirectory));
      expect(ofAgent.filter((line) => !line.includes('/script'))).toHaveLength(2);
    });

    it('does not stay running for a process it left behind, and loses nothing that was written before', async () => {
      const result = await host.run({ program: sh('sleep 3 & head -c 3000000 /dev/zero; exit 0') });
      expect(result).toMatchObject({ state: 'SUCCEEDED' });
      expect(result.durationMs).toBeLessThan(2500);
      expect((await host.outputOf(result)).length).toBe(3_000_000);
    });

    it('leaves nothing on disk once all of it is reported', async () => {
      const result = await host.run({ program: argv('echo', 'gone soon') });
      await host.outputOf(result);
      while (existsSync(join(host.stateDirectory, 'commands', result.commandId))) await new Promise(setImmediate);
      expect(readdirSync(join(host.stateDirectory, 'commands'))).not.toContain(result.commandId);
    });
  });

  describe('a command that cannot be started', () => {
    it('says that the program is missing, with the exit code of a shell', async () => {
      expect(await host.run({ program: argv('no-such-program') })).toMatchObject({
        state: 'FAILED',
        exitCode: 127,
        reason: 'The program no-such-program was not found',
      });
    });

    it('says that the program may not be executed', async () => {
      const file = join(scratch, 'data');
      await writeFile(file, 'no program');
      await chmod(file, 0o644);
      expect(await host.run({ program: argv(file) })).toMatchObject({
        state: 'FAILED',
        exitCode: 126,
        reason: `The program ${file} may not be executed`,
      });
    });

    it('says that the working directory is missing, or is none', async () => {
      const run = (workingDirectory: string) => host.run({ program: argv('true'), arguments: { workingDirectory } });
      expect(await run('/no/such/place')).toMatchObject({
        exitCode: 126,
        reason: 'The working directory /no/such/place does not exist',
      });
      expect(await run('/etc/passwd')).toMatchObject({
        exitCode: 126,
        reason: 'The working directory /etc/passwd is not a directory',
      });
    });

    it.runIf(isRoot)('says that the user is unknown', async () => {
      expect(await host.run({ program: argv('true'), arguments: { user: 'nobody-here' } })).toMatchObject({
        state: 'FAILED',
        exitCode: 126,
        reason: 'The user nobody-here does not exist on this host',
      });
    });
  });

  describe('a command as another user', () => {
    it.runIf(isRoot)('has that user’s ids, groups, home and name', async () => {
      const script = 'id -un; id -gn; id -Gn; echo $USER $LOGNAME $HOME; echo aside >/dev/stderr; echo >>$0 || echo no';
      const result = await host.run({ program: sh(script), arguments: { user: 'games' } });
      expect((await host.outputOf(result)).toString()).toMatch(/^games\n(games|60)\ngames\ngames games \/usr\/games\n/);
      expect((await host.outputOf(result, 'STDERR')).toString()).toContain('aside\n');
      expect(result.state).toBe('SUCCEEDED');
    });

    it.runIf(isRoot)('cannot read what belongs to the agent', async () => {
      const result = await host.run({
        program: argv('ls', host.stateDirectory),
        arguments: { user: 'games', workingDirectory: '/' },
      });
      expect(result.state).toBe('FAILED');
      expect((await host.outputOf(result, 'STDERR')).toString()).toContain('Permission denied');
    });

    it.runIf(isRoot)(
      'gives libraries of that user’s choice to the command, never to root on the way there',
      async () => {
        const directory = await mkdtemp(join(scratch, 'loader-'));
        await chmod(directory, 0o777);
        const environment = { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(directory, 'loaded-by'), SECRET: 'kept' };
        const result = await host.run({
          program: argv('printenv', 'LD_DEBUG_OUTPUT', 'SECRET'),
          arguments: { user: 'games', environment },
        });
        expect((await host.outputOf(result)).toString()).toBe(`${environment.LD_DEBUG_OUTPUT}\nkept\n`);
        const owners = await Promise.all(
          readdirSync(directory).map(async (name) => (await stat(join(directory, name))).uid),
        );
        expect(new Set(owners)).toEqual(new Set([GAMES_UID]));
      },
    );

    it('is vetoed where the agent is not root', async () => {
      const other = await place.start({ agentUser: { name: 'ops', isRoot: false } });
      expect(await other.run({ arguments: { user: 'games' } })).toMatchObject({
        state: 'VETOED',
        reason: 'The agent runs as ops, not as root, and so cannot run commands as games',
      });
      await other.stop();
    });
  });

  describe('a time-out', () => {
    it('ends the whole group, and those who ignore SIGTERM', async () => {
      const marker = join(scratch, 'child');
      const script = `(trap '' TERM; echo $BASHPID >${marker}; while :; do sleep 1; done) & wait`;
      const result = await host.run({
        program: { type: 'script', interpreter: 'bash', script },
        limits: { timeoutMs: 500 },
      });
      expect(result).toMatchObject({ state: 'TIMED_OUT', reason: 'The command was ended after its time-out of 0.5 s' });
      const child = (await readFile(marker, 'utf8')).trim();
      expect(await place.isAlive(Number(child))).toBe(false);
    });
  });

  describe('a cancel', () => {
    it('ends a running command within 5 s, with children that ignore SIGTERM', async () => {
      const script = `(trap '' TERM; echo $BASHPID; while :; do sleep 1; done) & wait`;
      const id = await host.deliver(host.signer.command({ program: { type: 'script', interpreter: 'bash', script } }));
      await host.frame((frame) => 'output' in frame && frame.output.commandId === id);
      const asked = performance.now();
      await host.deliver(host.signer.cancel(id));
      const result = await host.resultOf(id);
      expect(performance.now() - asked).toBeLessThan(5000);
      expect(result).toMatchObject({ state: 'CANCELLED', outcome: 'KNOWN' });
      expect(await place.isAlive(Number(await host.outputOf(result)))).toBe(false);
    });

    it('keeps a queued command from starting', async () => {
      const first = await host.deliver(
        host.signer.command({ program: argv('sleep', '60'), limits: { concurrency: 1 } }),
      );
      const queued = await host.deliver(host.signer.command({ program: argv('true'), limits: { concurrency: 1 } }));
      await host.deliver(host.signer.cancel(queued));
      expect(await host.resultOf(queued)).toMatchObject({ state: 'CANCELLED', startedAt: null, outcome: 'KNOWN' });
      await host.deliver(host.signer.cancel(first));
      expect(await host.resultOf(first)).toMatchObject({ state: 'CANCELLED' });
    });

    it('that arrives before its command is remembered', async () => {
      const late = host.signer.command({ program: argv('true') });
      await host.deliver(host.signer.cancel(late.deliveryId));
      await host.deliver(late);
      expect(await host.resultOf(late.deliveryId)).toMatchObject({ state: 'CANCELLED', startedAt: null });
    });

    it('of a finished or unknown command changes nothing', async () => {
      const { commandId } = await host.run({ program: argv('true') });
      const cancel = host.signer.cancel(commandId);
      await host.deliver(cancel);
      await host.deliver(cancel);
      const own = host.results.filter((result) => result.commandId === commandId);
      expect(own.map((result) => result.state)).toEqual(['SUCCEEDED']);
    });
  });

  describe('a limit on commands at once', () => {
    it('lets no more run at once than the configuration allows', async () => {
      const narrow = await place.start({ maxConcurrent: 1 });
      const first = await narrow.deliver(narrow.signer.command({ program: argv('sleep', '60') }));
      await narrow.deliver(narrow.signer.command({}));
      expect(narrow.capability.activity()).toMatchObject({ queued: 1 });
      await narrow.deliver(narrow.signer.cancel(first));
      await narrow.resultOf(first);
      await narrow.stop();
    });
  });
}

describe('the order of a server’s commands', () => {
  it('is priority, then sequence, for 1,000 that wait', async () => {
    const quiet = await CommandHost.start({ runnerPath });
    quiet.expectation = () => null;
    const log = join(quiet.stateDirectory, 'order');
    const signedBefore = quiet.signer.expectation();
    const program = (name: string) => sh(`echo ${name} >>${log}`);
    const limits = { concurrency: 1 };
    quiet.expectation = () => signedBefore;
    const gate = quiet.signer.command({ program: argv('sleep', '600'), limits });
    await quiet.deliver(gate);
    await quiet.started(gate.deliveryId);
    const wishes = Array.from({ length: 999 }, (_, index) => ({ program: program(`n${index}`), limits }));
    const deliveries = wishes.map((wish) => quiet.signer.command(wish));
    const urgent = quiet.signer.command({ program: program('urgent'), arguments: { priority: 5 }, limits });
    // Delivered backwards: the order is the control plane's, not the network's.
    await Promise.all([...deliveries.reverse(), urgent].map((delivery) => quiet.deliver(delivery)));
    expect(quiet.capability.activity()).toMatchObject({ queued: 1000, running: [{ commandId: gate.deliveryId }] });
    const oneMore = quiet.signer.command({ limits });
    await quiet.deliver(oneMore);
    await quiet.frame((frame) => 'refused' in frame && frame.refused.problem === 'QUEUE_FULL');
    await quiet.deliver(quiet.signer.cancel(gate.deliveryId));
    await Promise.all([...deliveries, urgent].map(({ deliveryId }) => quiet.resultOf(deliveryId)));
    const expected = ['urgent', ...Array.from({ length: 999 }, (_, index) => `n${index}`)];
    expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual(expected);
    await quiet.stop();
  }, 180_000);
});
