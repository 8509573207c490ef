import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  exportSigningKey,
  generateSigningKey,
  openResult,
  type AgentFrame,
  type CommandResult,
} from '@pilothouse/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BootedHost, canBootHosts } from '../../testing/index.js';
import { CommandHost } from './testing/command-host.js';
import type { CrashingAgentSetup } from './testing/crashing-agent.js';
import { argv, InstructionSigner, sh, type Delivery } from './testing/envelopes.js';
import { bundle, bundleRunner, removeBundles } from './testing/runner-bundle.js';

let runnerPath: string;
let agentPath: string;
let directory: string;
beforeAll(async () => {
  runnerPath = bundleRunner();
  agentPath = bundle('./crashing-agent.ts');
  directory = await mkdtemp(join(tmpdir(), 'ph-durability-'));
});
afterAll(removeBundles);
afterAll(() => rm(directory, { recursive: true, force: true }));

const NOT_RUN = { state: 'FAILED', startedAt: null, reason: expect.stringContaining('was not run') };

/** Where the agent runs that is killed. */
interface Place {
  launcher: CrashingAgentSetup['launcher'];
  spawn(program: string, argv: readonly string[]): ChildProcess;
  kill(agent: ChildProcess): void;
}

const thisMachine: Place = {
  launcher: 'session',
  spawn: (program, argv) => spawn(program, argv),
  kill: (agent) => void agent.kill('SIGKILL'),
};

/** A server whose agent may be killed: the control plane's side of it. */
class KilledServer {
  readonly signer = new InstructionSigner();
  readonly results: CommandResult[] = [];
  private readonly signingKey = generateSigningKey();
  private readonly agentId = randomUUID();
  readonly stateDirectory: string;
  private agent: ChildProcess | null = null;

  constructor(
    name: string,
    private readonly place: Place,
  ) {
    this.stateDirectory = join(directory, `${place.launcher}-${name}`);
    execFileSync('mkdir', ['-p', this.stateDirectory]);
  }

  /** Runs one process of the agent until something has happened. */
  async liveUntil(deliveries: readonly Delivery[], happened: Promise<unknown>): Promise<void> {
    const life = this.live(deliveries, null);
    await happened;
    if (this.agent) this.place.kill(this.agent);
    await life;
  }

  /** Runs one process of the agent until it dies by itself, or `isEnough`. Deliveries are repeated, as on the wire. */
  async live(
    deliveries: readonly Delivery[],
    crashAt: number | null,
    isEnough = () => false,
  ): Promise<'crashed' | 'done'> {
    const { commandKeys, serverId, generation } = this.signer.expectation();
    const setup: CrashingAgentSetup = {
      stateDirectory: this.stateDirectory,
      runnerPath,
      agentId: this.agentId,
      signingKeyPem: exportSigningKey(this.signingKey),
      expectation: { commandKeys, serverId, generation },
      launcher: this.place.launcher,
      crashAt,
    };
    const agent = this.place.spawn(process.execPath, [agentPath, JSON.stringify(setup)]);
    this.agent = agent;
    const [stdin, stdout] = [agent.stdin!, agent.stdout!];
    agent.stderr!.pipe(process.stderr, { end: false });
    stdin.on('error', () => undefined);
    const exited = new Promise((resolve) => agent.once('exit', resolve));
    for (const { deliveryId, envelope } of [...deliveries, ...deliveries]) {
      const { bytes, keyId, signature } = envelope;
      const encoded = { deliveryId, keyId, bytes: bytes.toString('base64'), signature: signature.toString('base64') };
      stdin.write(`${JSON.stringify(encoded)}\n`);
    }
    for await (const line of createInterface({ input: stdout })) {
      for (const frame of JSON.parse(line) as AgentFrame[]) this.note(frame);
      stdin.write('ack\n');
      if (isEnough()) break;
    }
    const outcome = isEnough() ? 'done' : 'crashed';
    this.place.kill(agent);
    await exited;
    return outcome;
  }

  /** For a command to say that it is up, and to wait at. */
  fifos(): { up: string; gate: string } {
    const fifos = { up: join(this.stateDirectory, 'up'), gate: join(this.stateDirectory, 'gate') };
    execFileSync('mkfifo', Object.values(fifos));
    return fifos;
  }

  /** Waits until a runner without an agent has left its record. */
  async exitRecordOf(commandId: string): Promise<void> {
    const path = join(this.stateDirectory, 'commands', commandId);
    for await (const { filename } of watch(path)) if (filename === 'exit.json') return;
  }

  /** All different results. */
  truths(): CommandResult[] {
    return [...new Set(this.results.map((result) => JSON.stringify(result)))].map(
      (text) => JSON.parse(text) as CommandResult,
    );
  }

  resultsOf(commandId: string): CommandResult[] {
    return this.results.filter((result) => result.commandId === commandId);
  }

  private note(frame: AgentFrame): void {
    if (!('result' in frame)) return;
    const { statement, signature } = frame.result;
    const agent = { id: this.agentId, publicKey: this.signingKey.publicKey };
    const signed = { bytes: Buffer.from(statement, 'base64'), signature: Buffer.from(signature, 'base64') };
    this.results.push(openResult(signed, agent) as CommandResult);
  }
}

describe('kill -9 of the agent at every step of a command', () => {
  itSurvivesKills(thisMachine);
});

describe.runIf(canBootHosts())('kill -9 of the agent on a host with systemd [needs systemd-nspawn]', () => {
  let host: BootedHost;
  beforeAll(async () => {
    host = await BootedHost.start({ shared: [directory, dirname(runnerPath), dirname(agentPath)] });
  });
  afterAll(() => host?.cutPower());

  itSurvivesKills({
    launcher: 'systemd',
    spawn: (program, list) => host.spawn(program, list),
    kill: (agent) => void host.kill(agent),
  });
});

/** What holds wherever the agent runs. */
function itSurvivesKills(place: Place) {
  it('leaves at most one effect and exactly one truth about it', async () => {
    for (let crashAt = 1; ; crashAt += 1) {
      const server = new KilledServer(`step-${crashAt}`, place);
      const effects = join(server.stateDirectory, 'effects');
      const command = server.signer.command({ program: sh(`echo effect >>${effects}`) });
      const isEnough = () => server.resultsOf(command.deliveryId).length > 0;
      const first = await server.live([command], crashAt, isEnough);
      if (first === 'crashed') expect(await server.live([command], null, isEnough)).toBe('done');
      const count = existsSync(effects) ? readFileSync(effects, 'utf8').trim().split('\n').length : 0;
      const results = server.resultsOf(command.deliveryId);
      expect(count, `effects after a crash at point ${crashAt}`).toBeLessThanOrEqual(1);
      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      if (results[0]?.state === 'SUCCEEDED') expect(count).toBe(1);
      else if (results[0]?.outcome === 'KNOWN')
        expect({ ...results[0], count }).toMatchObject({ ...NOT_RUN, count: 0 });
      else expect(results[0]).toMatchObject({ state: 'INTERRUPTED', outcome: 'UNKNOWN' });
      // A further delivery of the same envelope to a further process has no further effect.
      const again = server.results.length;
      await server.live([command], null, () => server.results.length > again);
      expect(existsSync(effects) ? readFileSync(effects, 'utf8').trim().split('\n').length : 0).toBe(count);
      if (first === 'done') {
        expect(crashAt).toBeGreaterThan(5);
        break;
      }
    }
  }, 180_000);

  it('neither kills nor loses what runs: it is found again', async () => {
    const server = new KilledServer('reattach', place);
    const { up, gate } = server.fifos();
    const waits = server.signer.command({ program: sh(`echo up >${up}; read line <${gate}; echo $line; exit 7`) });
    await server.liveUntil([waits], readFile(up));
    const next = server.live([], null, () => server.results.length > 0);
    await writeFile(gate, 'go\n');
    await next;
    expect(server.truths()).toMatchObject([{ state: 'FAILED', exitCode: 7, stdout: { bytes: 3 } }]);
  });

  it('neither kills nor loses what runs: its exit record is found', async () => {
    const server = new KilledServer('exited', place);
    const { up, gate } = server.fifos();
    const waits = server.signer.command({ program: sh(`echo up >${up}; read line <${gate}; exit 7`) });
    await server.liveUntil([waits], readFile(up));
    const exited = server.exitRecordOf(waits.deliveryId);
    await writeFile(gate, 'go\n');
    await exited;
    await server.live([], null, () => server.results.length > 0);
    expect(server.truths()).toMatchObject([{ state: 'FAILED', exitCode: 7 }]);
  });

  it('runs a command again only when it was declared idempotent', async () => {
    for (const idempotent of [true, false]) {
      const server = new KilledServer(`idempotent-${idempotent}`, place);
      const effects = join(server.stateDirectory, 'effects');
      // The first attempt kills its runner, its parent.
      const script = `echo effect >>${effects}; test $(wc -l <${effects}) -gt 1 || { kill -9 $PPID; sleep 60; }`;
      const command = server.signer.command({ program: sh(script), idempotent });
      await server.live([command], null, () => server.results.length > 0);
      expect(readFileSync(effects, 'utf8')).toBe(idempotent ? 'effect\neffect\n' : 'effect\n');
      expect(server.results[0]).toMatchObject(
        idempotent ? { state: 'SUCCEEDED', outcome: 'KNOWN' } : { state: 'INTERRUPTED', outcome: 'UNKNOWN' },
      );
    }
  });

  it('does not free a command of its time-out', async () => {
    const server = new KilledServer('timeout', place);
    const { up } = server.fifos();
    const command = server.signer.command({ program: sh(`echo up >${up}; sleep 60`), limits: { timeoutMs: 1000 } });
    await server.liveUntil([command], readFile(up));
    await server.exitRecordOf(command.deliveryId);
    await server.live([], null, () => server.results.length > 0);
    expect(server.truths()).toMatchObject([{ state: 'TIMED_OUT' }]);
  });
}

describe('before the first handshake', () => {
  it('starts nothing that waits from before, and refuses what comes', async () => {
    const host = await CommandHost.start({ runnerPath });
    const gate = await host.deliver(host.signer.command({ program: argv('sleep', '60'), limits: { concurrency: 1 } }));
    const waiting = await host.deliver(host.signer.command({ limits: { concurrency: 1 } }));
    await host.started(gate);
    await host.stopAgent({ cancelRunning: true, reason: 'The agent was stopped' });
    host.expectation = () => null;
    await host.startAgent();
    expect(await host.resultOf(gate)).toMatchObject({ state: 'CANCELLED', reason: 'The agent was stopped' });
    expect(host.capability.activity()).toEqual({ running: [], queued: 1 });
    await host.deliver(host.signer.command({}));
    await host.frame((frame) => 'refused' in frame && frame.refused.problem === 'NO_HANDSHAKE');
    host.expectation = () => host.signer.expectation();
    host.capability.connected();
    expect(await host.resultOf(waiting)).toMatchObject({ state: 'SUCCEEDED' });
    await host.stop();
  });
});

describe('a full disk', () => {
  const canMount = process.getuid?.() === 0;

  it.runIf(canMount)(
    'refuses what it cannot write down, without effect, and works again with room (needs root)',
    async () => {
      const mount = join(directory, 'full');
      execFileSync('mkdir', ['-p', mount]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount]);
      try {
        const host = await CommandHost.start({ runnerPath, stateDirectory: join(mount) });
        const effects = join(directory, 'full-effects');
        const [up, go] = [join(directory, 'full-up'), join(directory, 'full-go')];
        execFileSync('mkfifo', [up, go]);
        const gate = host.signer.command({ program: sh(`echo up >${up}; read line <${go}; echo gate >>${effects}`) });
        await host.deliver(gate);
        await readFile(up);
        const ballast = join(mount, 'ballast');
        expect(() => execFileSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k'], { stdio: 'ignore' })).toThrow('dd');
        const script = `echo refused >>${effects} # ${'x'.repeat(20_000)}`;
        const command = host.signer.command({ program: sh(script) });
        await host.deliver(command);
        await host.frame((frame) => 'refused' in frame && frame.refused.problem === 'NO_SPACE');
        await writeFile(go, 'go\n');
        await rm(ballast);
        expect(await host.resultOf(gate.deliveryId)).toMatchObject({ state: 'SUCCEEDED' });
        expect(readFileSync(effects, 'utf8')).toBe('gate\n');
        // Delivered again with room on the disk, the same envelope is taken.
        await host.deliver(command);
        expect(await host.resultOf(command.deliveryId)).toMatchObject({ state: 'SUCCEEDED' });
        expect(readFileSync(effects, 'utf8')).toBe('gate\nrefused\n');
        await host.stopAgent({ cancelRunning: true, reason: 'The test is over' });
      } finally {
        execFileSync('umount', ['-l', mount]);
      }
    },
  );
});

describe('an agent that stops', () => {
  it('leaves what runs alone, unless it is told to end it', async () => {
    const host = await CommandHost.start({ runnerPath });
    const id = await host.deliver(host.signer.command({ program: argv('sleep', '60') }));
    await host.started(id);
    await host.stopAgent({ cancelRunning: false, reason: 'An update' });
    await host.startAgent();
    expect(host.capability.activity().running).toMatchObject([{ commandId: id }]);
    await host.stopAgent({ cancelRunning: true, reason: 'Pilothouse was stopped on this machine' });
    await host.startAgent();
    expect(await host.resultOf(id)).toMatchObject({
      state: 'CANCELLED',
      reason: 'Pilothouse was stopped on this machine',
    });
    await host.stop();
    expect(readdirSync(tmpdir()).filter((name) => host.stateDirectory.endsWith(name))).toEqual([]);
  });
});
