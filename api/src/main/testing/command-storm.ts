import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultyProxy, type Numbers } from '@pilothouse/agent/testing';
import { inject } from 'vitest';
import { EnrolledAgent, eventually, Operator, StartedPilothouse, type SeenCommand } from '../../testing/index.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Number to repeat a run's faults with, as text; empty for a new one. */
    faultSeed: string;
  }
}

export interface StormSize {
  commands: number;
  /** How many are issued before it is waited for their end; a server's queue has its limit. */
  wave: number;
  longestPeaceMs: number;
}

export interface StormOutcome {
  issued: number;
  recorded: number;
  /** How many commands are in which state. */
  states: Record<string, number>;
  /** Commands that are not final, or whose effect on disk is not what their state says. */
  untrue: string[];
  audit: unknown;
}

const AT_ONCE = 4;
const ASKED_TWICE_IS_ONE_IN = 4;
const LONGEST_SILENCE_MS = 3000;

/**
 * All of Pilothouse under faults: commands for two agents that reach it through a faulty proxy, while the api, both agents
 * and the path between them fail in an order that the seed decides.
 */
export class CommandStorm {
  /** What has been done to it, and how often. */
  readonly faults = new Map<string, number>();
  private readonly ids = new Map<string, string>();
  private pilothouse!: StartedPilothouse;
  private operator!: Operator;
  private proxy!: FaultyProxy;
  private agent!: EnrolledAgent;
  private serverIds: string[] = [];
  private effects!: string;
  private next!: Numbers;

  constructor(private readonly size: StormSize) {}

  /** Prints the seed: `FAULT_SEED=…` before the same command line repeats its faults. */
  async start(): Promise<void> {
    const seed = Number(inject('faultSeed') || randomInt(2 ** 31));
    console.info(`FAULT_SEED=${seed}`);
    this.next = numbersFrom(seed);
    this.effects = await mkdtemp(join(tmpdir(), 'pilothouse-effects-'));
    const listen = await freeAddress();
    const direct = `http://${listen}`;
    this.proxy = await FaultyProxy.start(direct, numbersFrom(seed + 1));
    const environment = { PILOTHOUSE_LISTEN: listen, PILOTHOUSE_PUBLIC_URL: this.proxy.url };
    this.pilothouse = await StartedPilothouse.start({ environment });
    this.operator = new Operator(this.pilothouse, await this.pilothouse.setUp());
    const localId = await eventually(async () => (await this.operator.servers())[0]?.id ?? null);
    this.agent = await EnrolledAgent.start(this.operator, 'second');
    // Nothing bounds how long a client waits on a path that is silent; that is not what is tested.
    this.pilothouse.origin = direct;
    this.serverIds = [localId, this.agent.serverId];
    for (const serverId of this.serverIds) await this.operator.untilState(serverId, 'ONLINE');
  }

  /** Issues every command and resolves once all are final. Every kind of fault has happened by then. */
  async rage(): Promise<void> {
    const done = new AbortController();
    await Promise.all([this.causeFaults(done.signal), this.issueAll().finally(() => done.abort())]);
    for (const serverId of this.serverIds) await this.operator.untilIdle(serverId);
  }

  /** What became of the commands, by the control plane's record and by what is on disk. */
  async outcome(): Promise<StormOutcome> {
    const { operator, serverIds, effects } = this;
    const histories = await Promise.all(serverIds.map((id) => operator.history(id)));
    const history = new Map<string, SeenCommand>(histories.flat().map((command) => [command.id, command]));
    const states: Record<string, number> = {};
    const untrue: string[] = [];
    for (const [name, id] of this.ids) {
      const { state = 'LOST', outcome } = history.get(id) ?? {};
      const text = await readFile(join(effects, name), 'utf8').catch(() => '');
      const ran = text.split('\n').length - 1;
      states[state] = (states[state] ?? 0) + 1;
      const isTrue = state === 'SUCCEEDED' ? ran === 1 : state === 'INTERRUPTED' && ran <= 1 && outcome === 'UNKNOWN';
      if (!isTrue) untrue.push(`Command ${name} is ${state}, outcome ${outcome}, and ran ${ran} times`);
    }
    const { verifyAudit } = await operator.ask('{ verifyAudit { intact problem { kind } } }');
    return { issued: this.ids.size, recorded: history.size, states, untrue, audit: verifyAudit };
  }

  async remove(): Promise<void> {
    await this.agent?.remove();
    await this.proxy?.stop();
    await this.pilothouse?.remove();
    if (this.effects) await rm(this.effects, { recursive: true, force: true });
  }

  private async issueAll(): Promise<void> {
    const { operator, serverIds } = this;
    for (let from = 0; from < this.size.commands; from += this.size.wave) {
      const until = Math.min(from + this.size.wave, this.size.commands);
      let number = from;
      const issue = async () => {
        while (number < until) await this.issue(number++);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, issue));
      for (const serverId of serverIds) await operator.untilIdle(serverId);
    }
  }

  /** Some are asked for twice at once; both get the same command. */
  private async issue(number: number): Promise<void> {
    const { operator, serverIds, effects } = this;
    const name = String(number);
    const serverId = serverIds[number % serverIds.length] as string;
    const argv = ['sh', '-c', `echo ran >> ${join(effects, name)}`];
    const options = { idempotencyKey: name, whenOffline: 'DELIVER' };
    const ask = () => eventually(() => operator.run(serverId, { argv }, options));
    const [id, again = id] = await Promise.all(number % ASKED_TWICE_IS_ONE_IN === 0 ? [ask(), ask()] : [ask()]);
    if (again !== id) throw new Error(`Command ${name} was asked for twice and got two ids`);
    this.ids.set(name, id as string);
  }

  /** Each kind once in a random order, then all over again until it is over. */
  private async causeFaults(done: AbortSignal): Promise<void> {
    const { agent, proxy } = this;
    const kinds: Record<string, () => unknown> = {
      'api killed': () => this.killAndAwait('api'),
      'first agent killed': () => this.killAndAwait('agent'),
      'second agent killed': () => agent.end('SIGKILL').then(() => agent.startAgain()),
      'path cut': () => proxy.cut(),
      'path silent': async () => {
        proxy.silence();
        await delay(this.next(LONGEST_SILENCE_MS));
        proxy.cut();
      },
      'api left half open': () => proxy.leaveServerWaiting(),
      'agent left half open': () => proxy.leaveClientWaiting(),
    };
    do {
      for (const [kind, cause] of shuffled(Object.entries(kinds), this.next)) {
        await delay(this.next(this.size.longestPeaceMs));
        if (done.aborted && this.faults.has(kind)) return;
        await cause();
        this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
      }
    } while (!done.aborted);
  }

  /** Its supervisor starts it again. */
  private async killAndAwait(name: 'api' | 'agent'): Promise<void> {
    const { pilothouse } = this;
    const pid = await eventually(() => pilothouse.pidOf(name).catch(() => null));
    process.kill(pid, 'SIGKILL');
    await eventually(async () => ((await pilothouse.pidOf(name).catch(() => pid)) === pid ? null : true));
  }
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

/** The same numbers for the same seed (mulberry32). */
function numbersFrom(seed: number): Numbers {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Fisher and Yates's way. */
function shuffled<T>(list: readonly T[], next: Numbers): T[] {
  const deck = [...list];
  for (let last = deck.length - 1; last > 0; last -= 1) {
    const other = next(last + 1);
    [deck[last], deck[other]] = [deck[other] as T, deck[last] as T];
  }
  return deck;
}
