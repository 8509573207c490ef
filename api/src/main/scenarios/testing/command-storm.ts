import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { ApiClient, EnrolledAgent, eventually, Operator } from '../../../testing/index.js';
import { FaultCauser } from './fault-causer.js';
import { describePlan, planFaults, type PlannedFault } from './fault-plan.js';
import { Presence, type Absence } from './presence.js';
import { REPLICAS, ReplicatedPilothouse } from './replicated-pilothouse.js';
import { numbersFrom } from './seeded-numbers.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Number to repeat a run's faults with, as text; empty for a new one. */
    faultSeed: string;
  }
}

export interface StormSize {
  agents: number;
  rounds: number;
  commandsPerRound: number;
  faultsPerRound: number;
  longestPeaceMs: number;
  redis: boolean;
}

export interface StormOutcome {
  issued: number;
  /** Whether any command has. */
  hasSucceeded: boolean;
  /** Commands that are not final, whose effect on disk is not what their state says, or whose output is not theirs. */
  untrue: string[];
  /** Recorded commands of which the audit chain does not say once that they were asked for. */
  unaudited: number;
  audit: unknown;
  firstBadSignedLine: number | null;
  /** The longest that an agent was away with nothing in its way, where that was too long. */
  stayedAway: Absence | null;
}

interface StoredCommand {
  id: string;
  state: string;
  outcome: string | null;
  output: string | null;
  audited: number;
}

const LONGEST_AWAY_MS = 30_000;
const AT_ONCE = 6;
const ENROLLING_AT_ONCE = 4;
const ASKED_TWICE_IS_ONE_IN = 4;
const LASTING_IS_ONE_IN = 8;
const WATCH_MS = 250;

/**
 * All of Pilothouse under faults: commands for many agents, asked of two replicas, while the replicas, the signer, the
 * jobs, PostgreSQL, Redis, the agents and the path to them fail as a plan says that the seed alone decides.
 *
 * Each round ends when nothing fails any more, every agent is back and every command has ended.
 */
export class CommandStorm {
  private readonly ids = new Map<string, string>();
  private readonly presence = new Presence();
  private readonly agents: EnrolledAgent[] = [];
  private plan: PlannedFault[] = [];
  private pilothouse!: ReplicatedPilothouse;
  private operators: Operator[] = [];
  private causer!: FaultCauser;
  private effects!: string;

  constructor(private readonly size: StormSize) {}

  /** Prints the seed and the plan: `FAULT_SEED=…` before the same command line repeats its faults. */
  async start(): Promise<void> {
    const { agents, redis } = this.size;
    const seed = Number(inject('faultSeed') || randomInt(2 ** 31));
    this.plan = planFaults(seed, { ...this.size, replicas: REPLICAS });
    console.info(`FAULT_SEED=${seed}\n${describePlan(this.plan)}`);
    this.effects = await mkdtemp(join(tmpdir(), 'pilothouse-effects-'));
    this.pilothouse = await ReplicatedPilothouse.start({ redis, numbers: numbersFrom(seed + 1) });
    const { replicas, token, proxy } = this.pilothouse;
    this.operators = replicas.map((replica) => new Operator(replica, token));
    const path = Object.assign(new ApiClient(), { origin: proxy.url });
    await shared(agents, ENROLLING_AT_ONCE, async (number) => {
      this.agents.push(await EnrolledAgent.start(new Operator(path, token), `agent-${number}`));
    });
    this.causer = new FaultCauser(this.pilothouse, this.agents, this.presence);
    await this.allBack();
  }

  /** Goes through all rounds. */
  async rage(): Promise<void> {
    const done = new AbortController();
    const watching = this.watch(done.signal);
    for (let round = 0; round < this.size.rounds; round += 1) {
      const planned = this.plan.filter((fault) => fault.round === round);
      await Promise.all([this.causer.cause(planned), this.issueRound(round)]);
      await this.allBack();
      await this.allEnded();
    }
    done.abort();
    await watching;
  }

  /** What became of the commands, by the control plane's record and by what is on disk. Says in figures what happened. */
  async outcome(): Promise<StormOutcome> {
    const stored = new Map((await this.stored()).map((command) => [command.id, command]));
    const states: Record<string, number> = {};
    const untrue: string[] = [];
    for (const [name, id] of this.ids) {
      const command = stored.get(id);
      const state = command?.state ?? 'LOST';
      states[state] = (states[state] ?? 0) + 1;
      untrue.push(...(await this.untruthsOf(name, command)));
    }
    const [operator] = this.operators as [Operator];
    const { verifyAudit } = await operator.ask('{ verifyAudit { intact problem { kind } } }');
    const longestAbsence = this.presence.longestAbsence(performance.now());
    console.info(states, Object.fromEntries(this.causer.done), { longestAbsence });
    return {
      issued: this.ids.size,
      hasSucceeded: 'SUCCEEDED' in states,
      untrue,
      unaudited: [...stored.values()].filter(({ audited }) => audited !== 1).length,
      audit: verifyAudit,
      firstBadSignedLine: await this.pilothouse.firstBadSignedLine(),
      stayedAway: longestAbsence && longestAbsence.lastedMs >= LONGEST_AWAY_MS ? longestAbsence : null,
    };
  }

  /** The outcome that must be, whatever failed. */
  get truth(): StormOutcome {
    const { rounds, commandsPerRound } = this.size;
    return {
      issued: rounds * commandsPerRound,
      hasSucceeded: true,
      untrue: [],
      unaudited: 0,
      audit: { intact: true, problem: null },
      firstBadSignedLine: null,
      stayedAway: null,
    };
  }

  async remove(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.remove()));
    await this.pilothouse?.remove();
    if (this.effects) await rm(this.effects, { recursive: true, force: true });
  }

  private issueRound(round: number): Promise<void> {
    const { commandsPerRound } = this.size;
    return shared(commandsPerRound, AT_ONCE, (number) => this.issue(round * commandsPerRound + number));
  }

  /** Some are asked for twice at once, of both replicas, and get the same command. Whoever gets no answer asks another. */
  private async issue(number: number): Promise<void> {
    const name = String(number);
    const { serverId } = this.agents[number % this.agents.length] as EnrolledAgent;
    const lasts = number % LASTING_IS_ONE_IN === 0 ? 'sleep 0.5; ' : '';
    const argv = ['sh', '-c', `echo ran >> ${join(this.effects, name)}; ${lasts}echo ${name}`];
    const options = { idempotencyKey: name, whenOffline: 'DELIVER' };
    let tries = number;
    const ask = () => eventually(() => this.operatorOf(tries++).run(serverId, { argv }, options));
    const [id, again = id] = await Promise.all(number % ASKED_TWICE_IS_ONE_IN === 0 ? [ask(), ask()] : [ask()]);
    if (again !== id) throw new Error(`Command ${name} was asked for twice and got two ids`);
    this.ids.set(name, id as string);
  }

  private async untruthsOf(name: string, command: StoredCommand | undefined): Promise<string[]> {
    const text = await readFile(join(this.effects, name), 'utf8').catch(() => ''); // no file: it never ran
    const ran = text.split('\n').length - 1;
    const { state, outcome, output } = command ?? {};
    const succeeded = state === 'SUCCEEDED' && ran === 1 && output === `${name}\n`;
    const interrupted = state === 'INTERRUPTED' && ran <= 1 && outcome === 'UNKNOWN';
    if (succeeded || interrupted) return [];
    return [`${name} is ${state}, outcome ${outcome}, ran ${ran} times and wrote ${output}`];
  }

  private operatorOf(number: number): Operator {
    return this.operators[number % this.operators.length] as Operator;
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const ids = new Set(this.agents.map(({ serverId }) => serverId));
    while (!signal.aborted) {
      for (const operator of this.operators) {
        const servers = await operator.servers().catch(() => []); // it is down, and cannot say who is away
        const ours = servers.filter(({ id }) => ids.has(id)); // of the replicas' own machine no agent runs
        this.presence.observe(performance.now(), ours);
      }
      await delay(WATCH_MS);
    }
  }

  /** Until both replicas show every agent as connected. */
  private async allBack(): Promise<void> {
    for (const operator of this.operators) {
      for (const { serverId } of this.agents) await operator.untilState(serverId, 'ONLINE');
    }
  }

  private async allEnded(): Promise<void> {
    const [operator] = this.operators as [Operator];
    for (const { serverId } of this.agents) await operator.untilIdle(serverId);
  }

  private stored(): Promise<StoredCommand[]> {
    return this.pilothouse.sql<StoredCommand>(
      `select id, state, outcome,
         (select string_agg(convert_from(data, 'utf8'), '' order by position) from command_output where command_id = commands.id) as output,
         (select count(*)::int from audit_entries where action = 'command-queued' and target_id = commands.id::text) as audited
       from commands`,
    );
  }
}

/** Does the same for every number below `count`, so many at a time. */
async function shared(count: number, atOnce: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const take = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
}
