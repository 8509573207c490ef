import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, watch, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BootedHost, BuiltAgent, canBootHosts, ScriptedControlPlane } from '../../testing/index.js';
import { argv, InstructionSigner, sh, type CommandWish } from './testing/envelopes.js';

/** The agent as it is shipped, as a service of a host that has systemd for its init. */
describe.runIf(canBootHosts())('commands of an agent under systemd [needs systemd-nspawn]', () => {
  let controlPlane: ScriptedControlPlane;
  let agent: BuiltAgent;
  let host: BootedHost;
  let agentId: string;
  let signer: InstructionSigner;
  let directory: string;
  let cases = 0;

  beforeAll(async () => {
    [controlPlane, agent] = await Promise.all([ScriptedControlPlane.start(), BuiltAgent.make()]);
    host = await boot();
    const enrol = ['enrol', '--url', controlPlane.url, '--pin', controlPlane.keys.pin];
    const environment = agent.environment();
    const enrolled = await host.run([...agent.argv, ...enrol], { stdin: controlPlane.issueToken(), environment });
    if (enrolled.exitCode !== 0) throw new Error(enrolled.stderr);
    const [server] = controlPlane.agents.values();
    agentId = server?.agentId ?? '';
    signer = new InstructionSigner(controlPlane.keys.command, server?.serverId);
    await startAgent();
  });
  afterAll(async () => {
    await host?.cutPower();
    await controlPlane?.stop();
    await agent?.remove();
  });
  beforeEach(() => {
    directory = join(agent.directory, `case-${++cases}`);
    execFileSync('mkdir', [directory]);
    execFileSync('mkfifo', [fifo('up'), fifo('gate')]);
  });

  const boot = () => BootedHost.start({ shared: [agent.directory] });
  const fifo = (name: string) => join(directory, name);
  const unitOf = (commandId: string) => `ph-cmd-${commandId}.service`;
  const stateOf = async (unit: string) => (await host.run(['systemctl', 'is-active', unit])).stdout.trim();

  async function startAgent() {
    const settings = Object.entries(agent.environment()).map(([name, value]) => `--setenv=${name}=${value}`);
    await host.ask('systemd-run', '--collect', '--unit=pilothouse-agent', ...settings, ...agent.argv, 'run');
    await controlPlane.subscriptions.take();
  }

  /** `stop` waits until the service is gone; it has no say in how a killed one ended. */
  async function killAgent() {
    await host.ask('systemctl', 'kill', '--signal=SIGKILL', 'pilothouse-agent');
    await host.run(['systemctl', 'stop', 'pilothouse-agent']);
  }

  function send(wish: CommandWish): string {
    const { deliveryId, envelope } = signer.command(wish);
    controlPlane.sendEnvelope(deliveryId, envelope);
    return deliveryId;
  }

  /** A command that says that it is up, and waits to be let go. */
  async function sendWaiting(rest: string, wish: CommandWish = {}): Promise<string> {
    const id = send({ program: sh(`echo up >${fifo('up')}; read line <${fifo('gate')}; ${rest}`), ...wish });
    await readFile(fifo('up'));
    return id;
  }

  async function exitRecordOf(commandId: string): Promise<void> {
    const path = join(agent.stateDirectory, 'commands', commandId);
    const changes = watch(path);
    if (existsSync(join(path, 'exit.json'))) return;
    for await (const { filename } of changes) if (filename === 'exit.json') return;
  }

  const resultOf = (commandId: string) => controlPlane.resultOf(agentId, commandId);

  it('run each in a unit of its own, which is forgotten afterwards', async () => {
    const id = await sendWaiting(`cat /proc/self/cgroup >${join(directory, 'cgroup')}`);
    expect(await stateOf(unitOf(id))).toBe('active');
    await writeFile(fifo('gate'), 'go\n');
    expect(await resultOf(id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0 });
    expect(await readFile(join(directory, 'cgroup'), 'utf8')).toContain(`/system.slice/${unitOf(id)}\n`);
    while ((await stateOf(unitOf(id))) === 'active');
    expect(await host.ask('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'ph-cmd-*')).toBe('');
  });

  it('outlive kill -9 of the agent, and are found again', async () => {
    const id = await sendWaiting(`echo effect >>${join(directory, 'effects')}; exit 7`);
    await killAgent();
    await startAgent();
    expect(await stateOf(unitOf(id))).toBe('active');
    await writeFile(fifo('gate'), 'go\n');
    expect(await resultOf(id)).toMatchObject({ state: 'FAILED', exitCode: 7, outcome: 'KNOWN' });
    expect(await readFile(join(directory, 'effects'), 'utf8')).toBe('effect\n');
  });

  it('outlive a stop of its service, and end without it: their exit record is found', async () => {
    const id = await sendWaiting('echo bye; exit 7');
    await host.ask('systemctl', 'stop', 'pilothouse-agent');
    const ended = exitRecordOf(id);
    await writeFile(fifo('gate'), 'go\n');
    await ended;
    await startAgent();
    expect(await resultOf(id)).toMatchObject({ state: 'FAILED', exitCode: 7, stdout: { bytes: 4 } });
  });

  it('keep their time-out while no agent runs', async () => {
    const id = await sendWaiting('true', { limits: { timeoutMs: 2000 } });
    await killAgent();
    await exitRecordOf(id);
    await startAgent();
    expect(await resultOf(id)).toMatchObject({ state: 'TIMED_OUT' });
  });

  it('are ended by a cancel with everything in their unit, also what made itself a session of its own', async () => {
    const stray = `echo $$ >${fifo('stray')}; exec sleep 600`;
    execFileSync('mkfifo', [fifo('stray')]);
    const id = send({ program: sh(`setsid sh -c '${stray}' & sleep 600 & wait`) });
    const pid = (await readFile(fifo('stray'), 'utf8')).trim();
    expect(await host.ask('ps', '-o', 'args=', '-p', pid)).toBe('sleep 600');
    const cancel = signer.cancel(id);
    controlPlane.sendEnvelope(cancel.deliveryId, cancel.envelope);
    expect(await resultOf(id)).toMatchObject({ state: 'CANCELLED' });
    expect((await host.run(['ps', '-e', '-o', 'args='])).stdout).not.toContain('sleep 600');
  });

  it('are told as interrupted when their runner was killed, and nothing is left of them', async () => {
    const id = send({ program: sh('setsid sleep 602 & sleep 602 & kill -9 $PPID; wait') });
    expect(await resultOf(id)).toMatchObject({ state: 'INTERRUPTED', outcome: 'UNKNOWN' });
    expect((await host.run(['ps', '-e', '-o', 'args='])).stdout).not.toContain('sleep 602');
    while ((await stateOf(unitOf(id))) === 'failed');
    expect(await host.ask('systemctl', 'is-system-running')).toBe('running');
  });

  it('leave running what they put there on purpose, when they end by themselves', async () => {
    const id = send({ program: sh('setsid sleep 601 >/dev/null 2>&1 & exit 0') });
    expect(await resultOf(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect((await host.run(['ps', '-e', '-o', 'args='])).stdout).toContain('sleep 601');
    await host.ask('systemctl', 'kill', '--kill-whom=all', unitOf(id));
  });

  it('are ended and told as cancelled when the host is shut down in good order', async () => {
    const id = await sendWaiting(`echo effect >>${join(directory, 'effects')}`);
    await host.powerOff();
    host = await boot();
    await startAgent();
    expect(await resultOf(id)).toMatchObject({
      state: 'CANCELLED',
      outcome: 'KNOWN',
      reason: 'The command was told to stop because the host is shutting down',
    });
    expect(existsSync(join(directory, 'effects'))).toBe(false);
  });

  it('are told as interrupted after a power cut, and do not run again', async () => {
    const id = await sendWaiting(`echo effect >>${join(directory, 'effects')}`);
    await host.cutPower();
    host = await boot();
    await startAgent();
    expect(await resultOf(id)).toMatchObject({ state: 'INTERRUPTED', outcome: 'UNKNOWN' });
    expect(existsSync(join(directory, 'effects'))).toBe(false);
    expect(await resultOf(send({ program: argv('true') }))).toMatchObject({ state: 'SUCCEEDED' });
  });
});
