import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { API_LIMITS } from '@pilothouse/protocol';
import type { WebSocket } from 'ws';
import { eventually, Operator, StartedPilothouse } from '../../testing/index.js';
import { RawSocket } from './raw-socket.js';

export interface StallSize {
  subscribers: number;
  readingMs: number;
  stalledMs: number;
}

export interface StallOutcome {
  /** How much the api's resident memory grew at most, in MiB, beyond what it had while all of them read. */
  grewMib: number;
  /** For how many much waited at the same time, at most. */
  stalled: number;
  /** How often the api had enough of one; another one took its place at once. */
  cutOff: number;
}

const SAMPLE_MS = 100;
/** A frame now and then, so that nobody is taken for gone. */
const PING_MS = 3000;
const MUCH_UNSENT_BYTES = 64 * 1024;
/** Bytes that the command writes ten times a second. */
const WRITTEN_AT_ONCE = 20_000;

/** All of Pilothouse, with readers that ask for everything and then read nothing of it. */
export class StalledSubscribers {
  private pilothouse!: StartedPilothouse;
  private operator!: Operator;
  private tokens: string[] = [];
  private serverId!: string;
  private commandId!: string;
  private readonly sockets = new Set<RawSocket>();
  private stalls = false;
  private cutOff = 0;
  private mostStalled = 0;
  private problem: Error | null = null;

  constructor(private readonly size: StallSize) {}

  async start(): Promise<void> {
    this.pilothouse = await StartedPilothouse.start();
    const token = await this.pilothouse.setUp();
    this.operator = new Operator(this.pilothouse, token);
    this.tokens = [token];
    while (this.tokens.length * API_LIMITS.maxSocketsPerPrincipal < this.size.subscribers) {
      this.tokens.push(await this.anotherPerson());
    }
    this.serverId = (await eventually(async () => (await this.operator.servers())[0] ?? null)).id;
    await this.operator.untilState(this.serverId, 'ONLINE');
  }

  async remove(): Promise<void> {
    for (const { socket } of this.sockets) socket.removeAllListeners('close').terminate();
    await this.pilothouse?.remove();
  }

  /** Has a command write, and servers change, while all of them read, and then while none does. */
  async stall(): Promise<StallOutcome> {
    const gate = join(this.pilothouse.directory, 'gate');
    const script = `until [ -e ${gate} ]; do sleep 0.1; done; while :; do head -c ${WRITTEN_AT_ONCE} /dev/zero; sleep 0.1; done`;
    this.commandId = await this.operator.run(this.serverId, { script });
    for (let index = 0; index < this.size.subscribers; index += 1) await this.subscribe(index);
    await writeFile(gate, '');
    // What it takes to serve readers is there before they stall.
    const reading = await this.watch(this.size.readingMs);
    this.stalls = true;
    for (const { socket } of this.sockets) socket.pause();
    const stalled = await this.watch(this.size.stalledMs);
    if (this.problem) throw this.problem;
    return { grewMib: stalled - reading, stalled: this.mostStalled, cutOff: this.cutOff };
  }

  /** @returns the api's greatest resident memory in this time, in MiB. */
  private async watch(forMs: number): Promise<number> {
    const pid = await this.pilothouse.pidOf('api');
    const until = performance.now() + forMs;
    let peak = 0;
    for (let number = 0; performance.now() < until; number += 1) {
      if (number % (PING_MS / SAMPLE_MS) === 0) for (const { socket } of this.sockets) ping(socket);
      if (number % 10 === 0) await this.changeServer();
      await delay(SAMPLE_MS);
      peak = Math.max(peak, await residentMib(pid));
      this.mostStalled = Math.max(this.mostStalled, await this.stalledNow());
    }
    return peak;
  }

  /** Connections of the api on which much waits to be sent, by the kernel's own table. */
  private async stalledNow(): Promise<number> {
    const port = Number(new URL(this.pilothouse.origin).port).toString(16).toUpperCase().padStart(4, '0');
    const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
    return lines.filter(
      ([, local = '', , , queues = '']) =>
        local.endsWith(`:${port}`) && Number.parseInt(queues.split(':')[0] ?? '', 16) > MUCH_UNSENT_BYTES,
    ).length;
  }

  private async subscribe(index: number): Promise<void> {
    const token = this.tokens[index % this.tokens.length]!;
    const socket = await RawSocket.connected(this.pilothouse.origin, { token });
    this.sockets.add(socket);
    socket.socket.once('close', () => {
      this.sockets.delete(socket);
      this.cutOff += 1;
      this.subscribe(index).catch((error: Error) => (this.problem ??= error));
    });
    const { commandId, serverId } = this;
    socket.subscribe({ query: `subscription { commandOutput(commandId: "${commandId}") { seq data } }` });
    socket.subscribe({ query: `subscription { serverChanged { seq server { name description } } }` });
    socket.subscribe({ query: `subscription { metricsSampled(serverIds: ["${serverId}"]) { __typename } }` });
    // What comes is not looked at: the test would be busier than what it tests.
    socket.socket.removeAllListeners('message');
    if (this.stalls) socket.socket.pause();
  }

  /** Told to everybody who follows servers. */
  private async changeServer(): Promise<void> {
    const input = { serverId: this.serverId, description: randomUUID().repeat(27) };
    await this.operator.ask(
      `mutation ($input: UpdateServerInput!) { updateServer(input: $input) { ... on Refusal { refusal: message } } }`,
      { input },
    );
  }

  /** @returns a token of theirs: a person may have so many sockets and not more. */
  private async anotherPerson(): Promise<string> {
    const email = `${randomUUID()}@example.test`;
    const invited = await this.operator.ask(
      `mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { ... on MemberInvited { code } ... on Refusal { refusal: message } } }`,
      { input: { email, role: 'VIEWER', idempotencyKey: email } },
    );
    const input = { code: invited.inviteMember.code, displayName: 'Reader', password: randomUUID(), client: 'CLI' };
    const { data } = await this.pilothouse.ask(
      `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ... on InvitationAccepted { signedIn { token } } } }`,
      { variables: { input } },
    );
    return data.acceptInvitation.signedIn.token;
  }
}

function ping(socket: WebSocket): void {
  if (socket.readyState === socket.OPEN) socket.ping();
}

async function residentMib(pid: number): Promise<number> {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
