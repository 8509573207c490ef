import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandIntent } from '@pilothouse/protocol';
import { BootedHost, canBootHosts } from '../../../testing/index.js';
import { CommandDirectory } from '../command-directory.js';
import { RunWatch } from '../run-watch.js';
import { isAlive, readIdentity } from '../runner/process-identity.js';
import { SPOOL_START } from '../spool/spool-format.js';
import { argv, sh } from '../testing/envelopes.js';
import { RemoteLauncher } from '../testing/remote-launcher.js';
import { bundle, bundleRunner, removeBundles } from '../testing/runner-bundle.js';
import type { RunnerLauncher, RunnerTask } from './runner-launcher.js';
import { SessionLauncher } from './session.launcher.js';
import { SystemdLauncher, type SystemdLauncherOptions } from './systemd.launcher.js';

let runnerPath: string;
let state: string;
beforeAll(async () => {
  runnerPath = bundleRunner();
  state = await mkdtemp(join(tmpdir(), 'ph-launchers-'));
});
afterAll(removeBundles);
afterAll(() => rm(state, { recursive: true }));

async function prepare(program: CommandIntent['arguments']['program']): Promise<RunnerTask> {
  const commandId = randomUUID();
  const directory = join(state, commandId);
  const intent = {
    id: commandId,
    arguments: { program, stdin: null, workingDirectory: '/', user: null, environment: {} },
    limits: { timeoutMs: 60_000, keptHeadBytes: 1000, keptTailBytes: 1000 },
  } as unknown as CommandIntent;
  new CommandDirectory(directory).prepare(intent, SPOOL_START);
  return { commandId, attempt: 1, directory };
}

function endOf(task: RunnerTask, launcher: RunnerLauncher) {
  const directory = new CommandDirectory(task.directory);
  return new RunWatch({ directory, task, launcher, onOutput: () => undefined }).ended;
}

/** What holds of every launcher. `make` gives another one each time, as after a restart of the agent. */
function itKeepsTheContract(make: () => RunnerLauncher) {
  it('runs a task, finds it while it runs, and its record afterwards', async () => {
    const launcher = make();
    const task = await prepare(argv('sleep', '60'));
    expect(await launcher.find(task)).toBe('gone');
    await launcher.launch(task);
    expect(await launcher.find(task)).toBe('alive');
    const other = make();
    expect(await other.find(task)).toBe('alive');
    other.close();
    new CommandDirectory(task.directory).requestCancel('Enough');
    expect(await endOf(task, launcher)).toMatchObject({ cause: 'cancel', reason: 'Enough' });
    launcher.release(task);
    launcher.close();
  });

  it('tells a runner that was killed from one that works', async () => {
    const launcher = make();
    const task = await prepare(sh('kill -9 $PPID'));
    await launcher.launch(task);
    expect(await endOf(task, launcher)).toBeNull();
    expect(await launcher.find(task)).toBe('gone');
    launcher.release(task);
    launcher.close();
  });
}

describe('SessionLauncher', () => {
  itKeepsTheContract(() => new SessionLauncher({ runnerPath, scratchDirectory: state }));

  async function runOnce(launcher: SessionLauncher) {
    const task = await prepare(argv('true'));
    await launcher.launch(task);
    const identity = readIdentity(join(task.directory, 'pid'));
    expect(await endOf(task, launcher)).toMatchObject({ cause: 'exit', exitCode: 0 });
    launcher.release(task);
    return identity;
  }

  it('uses a runner again', async () => {
    // A command that takes longer, on a busy machine say, would get a second runner beside it.
    const launcher = new SessionLauncher({ runnerPath, scratchDirectory: state, spareDelayMs: 60_000 });
    expect(await runOnce(launcher)).toEqual(await runOnce(launcher));
    launcher.close();
  });

  it('keeps no runner beyond the time it was told', async () => {
    const launcher = new SessionLauncher({ runnerPath, scratchDirectory: state, spareLifetimeMs: 20 });
    const identity = await runOnce(launcher);
    while (identity && isAlive(identity)) await new Promise(setImmediate);
    expect(identity).not.toBeNull();
  });

  it('does not take a later process with the same pid for its runner', async () => {
    const launcher = new SessionLauncher({ runnerPath, scratchDirectory: state });
    const task = await prepare(argv('true'));
    await writeFile(join(task.directory, 'pid'), JSON.stringify({ pid: process.pid, startTime: '1' }));
    expect(await launcher.find(task)).toBe('gone');
  });
});

describe.runIf(canBootHosts())('SystemdLauncher on a host with systemd [needs systemd-nspawn]', () => {
  let host: BootedHost;
  let program: string;
  beforeAll(async () => {
    program = bundle('./launcher-process.ts');
    host = await BootedHost.start({ shared: [state, dirname(runnerPath), dirname(program)] });
  });
  afterAll(() => host?.cutPower());

  const make = (options: Partial<SystemdLauncherOptions> = {}) =>
    new RemoteLauncher(host, program, { runnerPath, ...options });
  const ofUnit = (task: RunnerTask, property: string) => {
    const unit = new SystemdLauncher({ runnerPath }).unitOf(task);
    return host.ask('systemctl', 'show', `--property=${property}`, '--value', '--', unit);
  };
  const failedUnits = () => host.ask('systemctl', 'list-units', '--all', '--state=failed', '--plain', '--no-legend');

  itKeepsTheContract(make);

  it('leaves no unit behind once a command has ended', async () => {
    const launcher = make();
    const task = await prepare(sh('exit 7'));
    await launcher.launch(task);
    expect(await endOf(task, launcher)).toMatchObject({ cause: 'exit', exitCode: 7 });
    while ((await launcher.find(task)) === 'alive');
    expect(await ofUnit(task, 'LoadState')).toBe('not-found');
    launcher.close();
  });

  it('starts nothing under a name that exists, be its unit at work or failed', async () => {
    const [effects, gate] = [join(state, 'effects'), join(state, 'gate')];
    execFileSync('mkfifo', [gate]);
    const launcher = make();
    const task = await prepare(sh(`echo effect >>${effects}; read line <${gate}; kill -9 $PPID`));
    await launcher.launch(task);
    await launcher.launch(task);
    expect(await launcher.find(task)).toBe('alive');
    await writeFile(gate, 'go\n');
    expect(await endOf(task, launcher)).toBeNull();
    expect(await ofUnit(task, 'ActiveState')).toBe('failed');
    await launcher.launch(task);
    expect(await launcher.find(task)).toBe('gone');
    expect(await readFile(effects, 'utf8')).toBe('effect\n');
    launcher.release(task);
    while ((await failedUnits()) !== '');
    launcher.close();
  });

  it('says that nothing was run where systemd could not execute the runner, and leaves no unit behind', async () => {
    const nodePath = join(state, 'no-node');
    await writeFile(nodePath, '#!/no/such/interpreter\n', { mode: 0o755 });
    const launcher = make({ nodePath });
    const task = await prepare(argv('true'));
    await expect(launcher.launch(task)).rejects.toThrow(launcher.unitOf(task));
    expect(await ofUnit(task, 'LoadState')).toBe('not-found');
    launcher.close();
  });

  it('does not say that nothing was run when systemd was only too slow to answer', async () => {
    const launcher = make({ deadlineMs: 1 });
    const task = await prepare(argv('true'));
    await launcher.launch(task);
    launcher.close();
  });
});

describe('SystemdLauncher', () => {
  const launcher = new SystemdLauncher({ runnerPath: '/opt/runner.cjs', nodePath: '/opt/node' });
  const task = { commandId: 'ID', attempt: 1, directory: '/state/commands/ID' };

  it('names a unit per command, and another one per attempt', () => {
    expect(launcher.unitOf(task)).toBe('ph-cmd-ID.service');
    expect(launcher.unitOf({ ...task, attempt: 2 })).toBe('ph-cmd-ID-2.service');
  });

  it('ties the unit neither to the agent nor loses its exit', () => {
    const list = launcher.argvFor(task);
    expect(list).toContain('--unit=ph-cmd-ID.service');
    expect(list.slice(-4)).toEqual(['--', '/opt/node', '/opt/runner.cjs', '/state/commands/ID']);
    for (const option of ['--pipe', '--wait', '--collect']) expect(list).not.toContain(option);
  });
});
