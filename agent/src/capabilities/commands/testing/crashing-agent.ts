import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { readSigningKey, type EnvelopeExpectation } from '@pilothouse/protocol';
import { OPEN_HOST_POLICY } from '../../../kernel/host-policy.js';
import { CommandCapability } from '../command.capability.js';
import type { RunnerLauncher } from '../launcher/runner-launcher.js';
import { SessionLauncher } from '../launcher/session.launcher.js';
import { SystemdLauncher } from '../launcher/systemd.launcher.js';

/** What a crashing agent is told, as JSON in its first argument. */
export interface CrashingAgentSetup {
  stateDirectory: string;
  runnerPath: string;
  agentId: string;
  signingKeyPem: string;
  expectation: Omit<EnvelopeExpectation, 'now'>;
  launcher: 'session' | 'systemd';
  /** It kills itself with SIGKILL at the so-manieth point; null: never. */
  crashAt: number | null;
}

/**
 * A whole process of an agent's commands that ends with kill -9 at a chosen point: before and after every sync of the
 * journal, before and after every launch. Deliveries come as lines on standard input; frames go out as lines on standard
 * output and count as committed once the line `ack <count>` comes back.
 */
async function main(setup: CrashingAgentSetup): Promise<void> {
  let points = 0;
  const point = () => {
    points += 1;
    if (points === setup.crashAt) process.kill(process.pid, 'SIGKILL');
  };
  await crashAroundSyncs(point);
  const capability = new CommandCapability({
    stateDirectory: setup.stateDirectory,
    identity: {
      agentId: setup.agentId,
      serverId: setup.expectation.serverId,
      signingKey: readSigningKey(setup.signingKeyPem),
    },
    expectation: () => ({ ...setup.expectation, now: new Date() }),
    hostPolicy: { read: () => ({ ok: true, policy: OPEN_HOST_POLICY }) },
    launcher: crashAroundLaunches(setup, point),
    log: { warn: (message) => void process.stderr.write(`${message}\n`) },
    clock: { now: () => new Date() },
  });
  await capability.start();
  const [control] = capability.sources;
  let inFlight = 0;
  const publish = async () => {
    if (inFlight > 0 || !control) return;
    const frames = await control.peek(256 * 1024);
    if (inFlight > 0 || frames.length === 0) return;
    inFlight = frames.length;
    process.stdout.write(`${JSON.stringify(frames)}\n`);
  };
  control?.onReady(() => void publish());
  capability.connected();
  await publish();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'ack') {
      await control?.advance(inFlight, []);
      inFlight = 0;
      point();
      await publish();
      continue;
    }
    const { deliveryId, bytes, keyId, signature } = JSON.parse(line) as Record<string, string>;
    const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64');
    const envelope = { bytes: decode(bytes), keyId: keyId ?? '', signature: decode(signature) };
    void capability.accept({ deliveryId: deliveryId ?? '', envelope });
  }
}

async function crashAroundSyncs(point: () => void): Promise<void> {
  const handle = await open('/dev/null', 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const datasync = Reflect.get(prototype, 'datasync') as (this: FileHandle) => Promise<void>;
  prototype.datasync = async function (this: FileHandle) {
    point();
    await datasync.call(this);
    point();
  };
}

function crashAroundLaunches(setup: CrashingAgentSetup, point: () => void): RunnerLauncher {
  const { runnerPath, stateDirectory } = setup;
  const usesUnits = setup.launcher === 'systemd';
  const launcher = usesUnits
    ? new SystemdLauncher({ runnerPath })
    : new SessionLauncher({ runnerPath, scratchDirectory: stateDirectory });
  const launch = launcher.launch.bind(launcher);
  launcher.launch = async (task) => {
    point();
    await launch(task);
    point();
  };
  return launcher;
}

void main(JSON.parse(process.argv[2] ?? '') as CrashingAgentSetup);
