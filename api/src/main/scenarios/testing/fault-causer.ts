import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type EnrolledAgent } from '../../../testing/index.js';
import type { FaultKind, PlannedFault } from './fault-plan.js';
import type { Presence } from './presence.js';
import { REPLICAS, type ReplicatedPilothouse } from './replicated-pilothouse.js';

type Cause = (fault: PlannedFault) => Promise<void>;

/** Does to a control plane and its agents what is planned, and notes what of it stands in the way of agents. */
export class FaultCauser {
  /** What has been done, and how often. */
  readonly done = new Map<FaultKind, number>();
  /** What is being done to, so that nothing is started twice. */
  private readonly busy = new Set<unknown>();

  constructor(
    private readonly pilothouse: ReplicatedPilothouse,
    private readonly agents: readonly EnrolledAgent[],
    private readonly presence: Presence,
  ) {}

  /** Resolves once all of it is over and everything serves again. */
  async cause(plan: readonly PlannedFault[]): Promise<void> {
    await Promise.all(
      plan.map(async (fault) => {
        await delay(fault.offsetMs);
        await this.causes[fault.kind](fault);
      }),
    );
    await this.serving();
  }

  private readonly causes: Record<FaultKind, Cause> = {
    'replica killed': (fault) =>
      this.atReplica(fault, (process) => Promise.resolve(process.end('SIGKILL', fault.lastsMs))),
    'replica restarted': (fault) => this.atReplica(fault, (process) => Promise.resolve(process.end('SIGTERM'))),
    'replica frozen': (fault) =>
      this.atReplica(fault, async (process) => {
        process.freeze();
        await delay(fault.lastsMs);
        process.thaw();
      }),
    'agent killed': (fault) =>
      this.atAgent(fault, async (agent) => {
        await agent.end('SIGKILL');
        await delay(fault.lastsMs);
        agent.startAgain();
      }),
    'agent frozen': (fault) =>
      this.atAgent(fault, async ({ pid }) => {
        process.kill(pid, 'SIGSTOP');
        await delay(fault.lastsMs);
        process.kill(pid, 'SIGCONT');
      }),
    'database killed': (fault) =>
      this.unlessBusy(this.pilothouse, () =>
        this.inTheWay(fault, async () => {
          await this.pilothouse.killDatabase();
          await this.serving();
        }),
      ),
    'signer killed': (fault) => this.note(fault, () => this.pilothouse.signer.end('SIGKILL', fault.lastsMs)),
    'jobs killed': (fault) => this.note(fault, () => this.pilothouse.jobs.end('SIGKILL', fault.lastsMs)),
    'path cut': (fault) => this.inTheWay(fault, () => this.pilothouse.proxy.cut(wayOf(fault))),
    'path silent': (fault) =>
      this.inTheWay(fault, async () => {
        this.pilothouse.proxy.silence(wayOf(fault));
        await delay(fault.lastsMs);
        this.pilothouse.proxy.cut(wayOf(fault));
      }),
    'path slow': (fault) =>
      this.inTheWay(fault, async () => {
        this.pilothouse.proxy.isSlow = true;
        await delay(fault.lastsMs);
        this.pilothouse.proxy.isSlow = false;
      }),
    'path closed': (fault) =>
      this.inTheWay(fault, async () => {
        this.pilothouse.proxy.isClosed = true;
        this.pilothouse.proxy.cut();
        await delay(fault.lastsMs);
        this.pilothouse.proxy.isClosed = false;
      }),
    'replica left half open': (fault) =>
      this.inTheWay(fault, () => this.pilothouse.proxy.leaveServerWaiting(wayOf(fault))),
    'agent left half open': (fault) =>
      this.inTheWay(fault, () => this.pilothouse.proxy.leaveClientWaiting(wayOf(fault))),
    'Redis killed': (fault) =>
      this.atRedis(fault, async (redis) => {
        await redis.stop();
        await delay(fault.lastsMs);
        await redis.startAgain();
      }),
    'Redis frozen': (fault) =>
      this.atRedis(fault, async (redis) => {
        redis.freeze();
        await delay(fault.lastsMs);
        redis.thaw();
      }),
  };

  private async note({ kind }: PlannedFault, work: () => unknown): Promise<void> {
    this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
    await work();
  }

  private async inTheWay(fault: PlannedFault, work: () => unknown, serverId: string | null = null): Promise<void> {
    const end = this.presence.disturb(performance.now(), serverId);
    await this.note(fault, work);
    end(performance.now());
  }

  private async atReplica(
    fault: PlannedFault,
    work: (process: ReplicatedPilothouse['jobs']) => Promise<void>,
  ): Promise<void> {
    const replica = this.pilothouse.replicas[fault.target];
    if (!replica) throw new Error(`There is no replica ${fault.target}`);
    await this.inTheWay(fault, async () => {
      await work(replica.process);
      await eventually(async () => ((await replica.isWell()) ? true : null));
    });
  }

  private async atAgent(fault: PlannedFault, work: (agent: EnrolledAgent) => Promise<void>): Promise<void> {
    const agent = this.agents[fault.target];
    if (!agent) throw new Error(`There is no agent ${fault.target}`);
    await this.unlessBusy(agent, () => this.inTheWay(fault, () => work(agent), agent.serverId));
  }

  private async atRedis(
    fault: PlannedFault,
    work: (redis: NonNullable<ReplicatedPilothouse['redis']>) => Promise<void>,
  ): Promise<void> {
    const { redis } = this.pilothouse;
    if (!redis) throw new Error('There is no Redis');
    await this.unlessBusy(redis, () => this.note(fault, () => work(redis)));
  }

  private async unlessBusy(what: object, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(what)) return;
    this.busy.add(what);
    await work();
    this.busy.delete(what);
  }

  private async serving(): Promise<void> {
    for (const replica of this.pilothouse.replicas) {
      await eventually(async () => ((await replica.isWell()) ? true : null));
    }
  }
}

/** Undefined: all of them. */
function wayOf({ target }: PlannedFault): number | undefined {
  return target < REPLICAS ? target : undefined;
}
