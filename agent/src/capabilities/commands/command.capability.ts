import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_LIMITS, type EnvelopeExpectation, type SigningKey } from '@pilothouse/protocol';
import { readBootId } from '../../kernel/boot-id.js';
import type { Capability, CapabilityStatus, Delivery, StopOptions } from '../../kernel/capability.js';
import type { FrameSource } from '../../kernel/frame-source.js';
import type { HostPolicyReading } from '../../kernel/host-policy.js';
import type { Log } from '../../kernel/log.js';
import { CommandExecutor } from './command-executor.js';
import { CommandLedger } from './command-ledger.js';
import { CommandScheduler } from './command-scheduler.js';
import { InstructionIntake } from './instruction-intake.js';
import type { RunnerLauncher } from './launcher/runner-launcher.js';
import { currentAgentUser, type AgentUser } from './policy-judgement.js';
import { ControlSource } from './sources/control.source.js';
import { OutputSource } from './sources/output.source.js';
import { track } from './tracked-work.js';

export interface CommandCapabilityOptions {
  /** The agent's state directory; journal and spools lie in it. */
  stateDirectory: string;
  identity: { agentId: string; serverId: string; signingKey: SigningKey };
  /** What envelopes are judged against; null before the first handshake after a start: nothing new runs then. */
  expectation: () => EnvelopeExpectation | null;
  hostPolicy: { read(): HostPolicyReading };
  launcher: RunnerLauncher;
  log: Pick<Log, 'warn'>;
  /** The control plane's time, as far as the agent knows it. */
  clock: { now(): Date };
  /** At most so many commands run at once, whatever their envelopes allow. */
  maxConcurrent?: number;
  agentUser?: AgentUser;
}

export interface CommandActivity {
  running: { commandId: string; startedAt: string }[];
  queued: number;
}

/**
 * Commands on this host: what comes in as a signed envelope goes out as output and one signed result. The effect
 * happens at most once and the report at least once, through kill -9 of the agent at any moment.
 */
export class CommandCapability implements Capability {
  readonly name = 'commands';
  readonly sources: FrameSource[];
  private readonly control: ControlSource;
  private readonly output: OutputSource;
  private readonly commandsDirectory: string;
  private ledger!: CommandLedger;
  private executor!: CommandExecutor;
  private scheduler!: CommandScheduler;
  private intake!: InstructionIntake;
  private readonly housekeeping = new Set<Promise<unknown>>();

  constructor(private readonly options: CommandCapabilityOptions) {
    this.commandsDirectory = join(options.stateDirectory, 'commands');
    this.control = new ControlSource(options.identity, (commandId) => this.resultReported(commandId));
    this.output = new OutputSource((commandId) => this.tidy(commandId));
    this.sources = [this.control, this.output];
  }

  async start(): Promise<void> {
    const { control, output, commandsDirectory } = this;
    const { stateDirectory, launcher, log } = this.options;
    const { agentUser = currentAgentUser(), maxConcurrent = COMMAND_LIMITS.maxConcurrency } = this.options;
    await mkdir(commandsDirectory, { recursive: true, mode: 0o700 });
    const ledger = await CommandLedger.open({
      path: join(stateDirectory, 'commands.journal'),
      onTornTail: (bytes) => log.warn('The command journal ended in a torn write', { bytes }),
    });
    const bootId = await readBootId();
    this.ledger = ledger;
    this.executor = new CommandExecutor({ directory: commandsDirectory, bootId, launcher, output });
    const parts = {
      ...this.options,
      agentUser,
      maxConcurrent,
      bootId,
      ledger,
      control,
      output,
      executor: this.executor,
    };
    this.scheduler = new CommandScheduler(parts);
    this.intake = new InstructionIntake({ ...parts, scheduler: this.scheduler });
    for (const record of ledger.unreported()) control.result(record);
    await this.recoverOutput();
    this.scheduler.recover();
  }

  accept(delivery: Delivery): Promise<void> {
    return this.intake.accept(delivery);
  }

  /** What waits from before may start. */
  connected(): void {
    this.scheduler.schedule();
  }

  activity(): CommandActivity {
    return { running: this.executor.running, queued: this.scheduler.queued };
  }

  status(): CapabilityStatus {
    const { running, queued } = this.activity();
    const each = running.map(({ commandId, startedAt }) => `${commandId} since ${startedAt}`);
    return { lines: [`${running.length} running, ${queued} waiting`, ...each], figures: { running, queued } };
  }

  /** What runs goes on without the agent, or is ended, as CANCELLED, for `reason`. */
  stop(options: StopOptions): Promise<void> {
    return this.scheduler.stop(options);
  }

  async close(): Promise<void> {
    this.executor.close();
    await this.output.close();
    await Promise.all(this.housekeeping);
    await this.ledger.close();
  }

  /** Output of commands that ended before the agent did is still to be sent. */
  private async recoverOutput(): Promise<void> {
    for (const name of await readdir(this.commandsDirectory)) {
      const phase = this.ledger.phaseOf(name);
      const directory = this.executor.directoryOf(name);
      if (phase === 'open') continue;
      if (phase === 'done' || phase === 'reported') await this.executor.resumeOutput(name);
      else await directory.remove();
    }
  }

  /** Not waited for: the link's next message is more urgent. */
  private resultReported(commandId: string): void {
    const noted = this.ledger.reported(commandId).catch((error: Error) => {
      // After a restart the result is reported a second time, which is harmless.
      this.options.log.warn('Could not note that a result was reported', { commandId, problem: error.message });
    });
    void track(this.housekeeping, noted);
    this.tidy(commandId);
  }

  /** Nothing is left to be sent of a command that is reported and drained. */
  private tidy(commandId: string): void {
    if (this.ledger.phaseOf(commandId) !== 'reported' || !this.output.isDrained(commandId)) return;
    const removed = this.executor.directoryOf(commandId).remove();
    const noted = removed.catch((error: Error) => {
      // The next start of the agent removes it.
      this.options.log.warn('A finished command could not be removed', { commandId, problem: error.message });
    });
    void track(this.housekeeping, noted);
  }
}
