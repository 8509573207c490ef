import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InstructionSigner, sh } from '../capabilities/commands/testing/envelopes.js';
import { BootedHost, BuiltAgent, canBootHosts, ScriptedControlPlane } from '../testing/index.js';
import type { AgentStatus } from './status-socket.js';

const unitFile = fileURLToPath(new URL('../../systemd/pilothouse-agent.service', import.meta.url));
const UNIT = 'pilothouse-agent.service';
const WATCHDOG_SECONDS = 5;
/** What `systemd-analyze security` may give at most, in tenths: 100 is a service without any protection. */
const MAX_EXPOSURE = 30;

/** The agent as the README says that it is installed. */
describe.runIf(canBootHosts())('the agent as a service [needs systemd-nspawn]', () => {
  let controlPlane: ScriptedControlPlane;
  let built: BuiltAgent;
  let host: BootedHost;
  let agentId: string;
  let signer: InstructionSigner;
  let directory: string;
  let cases = 0;

  beforeAll(async () => {
    [controlPlane, built] = await Promise.all([ScriptedControlPlane.start(), BuiltAgent.make()]);
    host = await BootedHost.start({ shared: [built.directory, dirname(unitFile)] });
    await install();
  });
  afterAll(async () => {
    await host?.cutPower();
    await controlPlane?.stop();
    await built?.remove();
  });
  beforeEach(() => {
    directory = join(built.directory, `case-${++cases}`);
    execFileSync('mkdir', [directory]);
    execFileSync('mkfifo', [fifo('up'), fifo('gate')]);
  });

  const fifo = (name: string) => join(directory, name);
  const property = (name: string) => host.ask('systemctl', 'show', `--property=${name}`, '--value', UNIT);
  const resultOf = (commandId: string) => controlPlane.resultOf(agentId, commandId);

  async function install() {
    await host.ask('mkdir', '-p', '/opt/pilothouse-agent');
    for (const name of ['pilothouse-agent.cjs', 'runner.cjs']) {
      await host.ask('install', '--mode=755', join(built.directory, name), '/opt/pilothouse-agent/');
    }
    await host.ask('ln', '-s', '/opt/pilothouse-agent/pilothouse-agent.cjs', '/usr/local/bin/pilothouse-agent');
    await host.ask('install', '--mode=644', unitFile, '/etc/systemd/system/');
    await host.ask('systemctl', 'enable', UNIT);
  }

  async function enrol() {
    const enrolment = ['pilothouse-agent', 'enrol', '--url', controlPlane.url, '--pin', controlPlane.keys.pin];
    const { exitCode, stderr } = await host.run(enrolment, { stdin: controlPlane.issueToken() });
    if (exitCode !== 0) throw new Error(stderr);
    const [server] = controlPlane.agents.values();
    agentId = server?.agentId ?? '';
    signer = new InstructionSigner(controlPlane.keys.command, server?.serverId);
  }

  /** Settings that only a test wants. */
  async function override(lines: readonly string[]) {
    const path = join(built.directory, 'override.conf');
    await writeFile(path, ['[Service]', ...lines, ''].join('\n'));
    await host.ask('install', '-D', '--mode=644', path, `/etc/systemd/system/${UNIT}.d/test.conf`);
    await host.ask('systemctl', 'daemon-reload');
  }

  function send(script: string): string {
    const { deliveryId, envelope } = signer.command({ program: sh(script) });
    controlPlane.sendEnvelope(deliveryId, envelope);
    return deliveryId;
  }

  /** A command that says that it is up, waits to be let go, and leaves its effect. */
  async function sendWaiting(): Promise<string> {
    const id = send(`echo up >${fifo('up')}; read line <${fifo('gate')}; echo effect >>${join(directory, 'effects')}`);
    await readFile(fifo('up'));
    return id;
  }

  async function letGo(commandId: string) {
    await writeFile(fifo('gate'), 'go\n');
    expect(await resultOf(commandId)).toMatchObject({ state: 'SUCCEEDED', outcome: 'KNOWN' });
    expect(await readFile(join(directory, 'effects'), 'utf8')).toBe('effect\n');
  }

  it('has a unit file without a fault, and no more exposed than it was', async () => {
    const path = `/etc/systemd/system/${UNIT}`;
    const verified = await host.run(['systemd-analyze', 'verify', path]);
    expect(verified).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const security = ['systemd-analyze', 'security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, path];
    expect(await host.run(security)).toMatchObject({ exitCode: 0 });
  });

  it('is not started on a host that is not enrolled', async () => {
    await host.ask('systemctl', 'start', UNIT);
    expect(await property('ActiveState')).toBe('inactive');
    expect(await property('ConditionResult')).toBe('no');
  });

  it('is active once it is linked, and tells how it is', async () => {
    await enrol();
    await host.ask('systemctl', 'start', UNIT);
    const status = JSON.parse(await host.ask('pilothouse-agent', 'status', '--json')) as AgentStatus;
    expect(status.link.state).toBe('ONLINE');
    expect(await property('ActiveState')).toBe('active');
    expect(await property('StatusText')).toMatch(/^Online since /);
    expect(await host.ask('stat', '--format=%A', '/run/pilothouse-agent/agent.sock')).toBe('srw-------');
    expect(await host.ask('pilothouse-agent', 'doctor')).not.toContain('FAIL');
  });

  it('sees the same host as without its hardening', async () => {
    const ofService = await controlPlane.frameOf('facts');
    // A container's boot id is a mount over the kernel's, which hardening undoes.
    const facts = { ...controlPlane.agents.get(agentId)?.facts, bootId: expect.any(String) };
    expect(ofService).toEqual({ facts });
  });

  it('is held to its own hardening, and its commands are not', async () => {
    const pid = await property('MainPID');
    const inItsNamespace = ['nsenter', '--target', pid, '--mount', 'touch', '/etc/by-agent'];
    expect(await host.run(inItsNamespace)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Read-only') });
    const script =
      'touch /etc/by-command /home/by-command && unshare --mount true && setpriv --reuid=5 --clear-groups true';
    expect(await resultOf(send(script))).toMatchObject({ state: 'SUCCEEDED' });
    await host.ask('ls', '/etc/by-command', '/home/by-command');
  });

  it('comes back after kill -9, and finds its command again', async () => {
    const id = await sendWaiting();
    const before = await property('MainPID');
    const restarts = Number(await property('NRestarts'));
    await controlPlane.subscriptions.take();
    await host.ask('systemctl', 'kill', '--kill-who=main', '--signal=SIGKILL', UNIT);
    await controlPlane.subscriptions.take();
    expect(await property('MainPID')).not.toBe(before);
    expect(Number(await property('NRestarts'))).toBe(restarts + 1);
    await letGo(id);
  });

  it('leaves what runs when it is stopped, and tells its result after the next start', async () => {
    const id = await sendWaiting();
    await host.ask('systemctl', 'stop', UNIT);
    expect(await host.ask('systemctl', 'is-active', `ph-cmd-${id}.service`)).toBe('active');
    expect(await property('Result')).toBe('success');
    expect((await host.run(['ls', '/run/pilothouse-agent'])).exitCode).not.toBe(0);
    expect((await host.run(['pilothouse-agent', 'status'])).exitCode).toBe(3);
    await host.ask('systemctl', 'start', UNIT);
    await controlPlane.subscriptions.take();
    await letGo(id);
  });

  it('is killed by the watchdog when its event loop is blocked, comes back, and finds its command again', async () => {
    const block = join(built.directory, 'block.cjs');
    await writeFile(block, "process.on('SIGUSR2', () => { for (;;); });");
    await override([`WatchdogSec=${WATCHDOG_SECONDS}`, `Environment=NODE_OPTIONS=--require=${block}`]);
    await host.ask('systemctl', 'restart', UNIT);
    await controlPlane.subscriptions.take();
    const id = await sendWaiting();
    await host.ask('systemctl', 'kill', '--kill-who=main', '--signal=SIGUSR2', UNIT);
    await controlPlane.subscriptions.take();
    expect(await host.ask('journalctl', '--unit', UNIT)).toContain('Watchdog timeout');
    expect(Number(await property('NRestarts'))).toBe(1);
    await letGo(id);
  });

  it('is active while the control plane is away, and not killed for it', async () => {
    controlPlane.faults.hangUpgrade = true;
    const started = host.run(['systemctl', 'restart', UNIT]);
    const upgrades = controlPlane.upgrades;
    while (controlPlane.upgrades === upgrades) await new Promise(setImmediate);
    expect(await property('ActiveState')).toBe('activating');
    expect((await started).exitCode).toBe(0);
    expect(await property('ActiveState')).toBe('active');
    expect(await property('StatusText')).toMatch(/^Not connected, trying again: /);
    const begun = Number(await property('ActiveEnterTimestampMonotonic'));
    const enoughUs = 2 * WATCHDOG_SECONDS * 1_000_000;
    while (Number(await property('WatchdogTimestampMonotonic')) < begun + enoughUs);
    expect(Number(await property('NRestarts'))).toBe(0);
    controlPlane.faults.hangUpgrade = false;
    await controlPlane.subscriptions.take();
  });

  it('comes back with the host', async () => {
    await host.reboot();
    await controlPlane.subscriptions.take();
    while ((await property('ActiveState')) === 'activating');
    expect(await property('ActiveState')).toBe('active');
    expect(await resultOf(send('true'))).toMatchObject({ state: 'SUCCEEDED' });
  });
});
