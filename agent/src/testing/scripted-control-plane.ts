import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  agentHelloSchema,
  CHALLENGE_HEADER,
  ENROLMENT_REFUSALS,
  enrolmentRequestSchema,
  generateEphemeralKey,
  signAck,
  openResult,
  signReceipt,
  verifyEnrolment,
  verifyHello,
  type AgentFrame,
  type AgentHello,
  type CommandResult,
  type EnrolmentReceipt,
  type PublicKeyText,
  type SignedEnvelope,
} from '@pilothouse/protocol';
import { parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { PublishReceipt } from '../link/answer.js';
import { InstructionsOperation, PublishOperation } from '../link/operations.generated.js';
import { agentSchema } from './agent-schema.js';
import { AsyncQueue } from './async-queue.js';
import { ControlPlaneKeys } from './control-plane-keys.js';
import type { Faults } from './faults.js';
import { signCommand, type EnrolledAgent } from './signed-command.js';

/**
 * A control plane for tests of the agent: real sockets, real graphql-ws, real signatures, and a script instead of a
 * database. What the agent sends is kept in order; what a test wants to go wrong is set in `faults`.
 */
export class ScriptedControlPlane {
  readonly keys = new ControlPlaneKeys();
  readonly faults: Faults = {};
  readonly tokens = new Set<string>();
  readonly agents = new Map<string, EnrolledAgent>();
  /** Everything committed, in order of arrival. */
  readonly frames: AgentFrame[] = [];
  /** Sizes of the mutations that were answered. */
  readonly publishes: (readonly AgentFrame[])[] = [];
  /** Hash of each operation that arrived. */
  readonly operations: string[] = [];
  readonly hellos = new AsyncQueue<AgentHello>();
  /** Grows by one for each instructions subscription. */
  readonly subscriptions = new AsyncQueue<AgentHello>();
  readonly published = new AsyncQueue<readonly AgentFrame[]>();
  /** Heartbeats that arrived. */
  readonly pings = new AsyncQueue<number>();
  upgrades = 0;
  concurrentPublishes = 0;
  mostConcurrentPublishes = 0;
  generation = 1;
  counter = 0;
  /** The control plane's time is the machine's plus this. */
  clockOffsetMs = 0;
  url = '';

  private sequence = 0;
  private readonly challenges = new Set<string>();
  private readonly sockets = new Set<Socket>();
  private readonly webSockets = new Set<WebSocket>();
  private outgoing = new AsyncQueue<Record<string, unknown>>();
  private server: Server | undefined;

  static async start(): Promise<ScriptedControlPlane> {
    const controlPlane = new ScriptedControlPlane();
    await controlPlane.listen();
    return controlPlane;
  }

  /** Listens, after `stop` again on the same port. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.answer(request, response));
    const webSocketServer = this.serveWebSockets();
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      this.upgrades += 1;
      if (this.faults.hangUpgrade) return;
      if (this.faults.refuseUpgrade) {
        socket.end(`HTTP/1.1 ${this.faults.refuseUpgrade} Refused\r\nConnection: close\r\n\r\n`);
        return;
      }
      webSocketServer.handleUpgrade(request, socket, head, (ws) => webSocketServer.emit('connection', ws, request));
    });
    server.listen(this.url === '' ? 0 : Number(new URL(this.url).port), '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Dies as by kill -9: no goodbye on any socket. */
  async stop(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** A token that may be spent once. */
  issueToken(): string {
    const token = `phe_${randomBytes(32).toString('base64url')}`;
    this.tokens.add(token);
    return token;
  }

  /** Takes an agent in without the enrolment request. */
  addAgent(publicKey: PublicKeyText): EnrolledAgent {
    const agent = { agentId: randomUUID(), serverId: randomUUID(), workspaceId: randomUUID(), publicKey, facts: null };
    this.agents.set(agent.agentId, agent);
    return agent;
  }

  sendEnvelope(deliveryId: string, { bytes, keyId, signature }: SignedEnvelope): void {
    this.send('EnvelopeInstruction', {
      deliveryId,
      bytes: bytes.toString('base64'),
      keyId,
      signature: signature.toString('base64'),
    });
  }

  /** Signs a command for this agent as the control plane would and sends it; gives its id. */
  sendCommand(agentId: string, argv: readonly string[]): string {
    const agent = this.agents.get(agentId);
    if (!agent) throw new Error('This agent is not enrolled here');
    const { generation, keys } = this;
    const { id, envelope } = signCommand({
      agent,
      argv,
      generation,
      key: keys.command,
      now: this.now(),
      sequence: ++this.sequence,
    });
    this.sendEnvelope(id, envelope);
    return id;
  }

  /** The genuine result of a command, as soon as it has arrived. */
  async resultOf(agentId: string, commandId: string): Promise<CommandResult> {
    const { publicKey = '' } = this.agents.get(agentId) ?? {};
    for (;;) {
      for (const frame of this.frames) {
        if (!('result' in frame)) continue;
        const { statement, signature } = frame.result;
        const signed = { bytes: Buffer.from(statement, 'base64'), signature: Buffer.from(signature, 'base64') };
        const result = openResult(signed, { id: agentId, publicKey });
        if (result?.commandId === commandId) return result;
      }
      await this.published.take();
    }
  }

  /** Waits until a frame of this kind has been committed. */
  async frameOf(kind: string): Promise<AgentFrame> {
    for (;;) {
      const found = this.frames.find((frame) => kind in frame);
      if (found) return found;
      await this.published.take();
    }
  }

  send(typename: string, fields: Record<string, unknown>): void {
    this.outgoing.push({ instructions: { __typename: typename, ...fields } });
  }

  /** Closes every agent's socket with a code of the protocol. */
  closeAll(code: number, reason: string): void {
    for (const socket of this.webSockets) socket.close(code, reason);
  }

  now(): Date {
    return new Date(Date.now() + this.clockOffsetMs);
  }

  private serveWebSockets(): WebSocketServer {
    const server = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' });
    const challengeOf = new WeakMap<IncomingMessage, string>();
    server.on('headers', (headers, request) => {
      const challenge = randomBytes(32).toString('base64url');
      challengeOf.set(request, challenge);
      if (!this.faults.stripChallengeHeader) headers.push(`${CHALLENGE_HEADER}: ${challenge}`);
    });
    server.on('connection', (socket) => {
      this.webSockets.add(socket);
      ignoreFailedSends(socket);
      socket.on('close', () => this.webSockets.delete(socket));
      socket.on('message', (data: Buffer) => {
        if (data.toString().includes('"type":"ping"')) this.pings.push(performance.now());
      });
    });
    useServer<Record<string, unknown>, { hello?: AgentHello }>(
      {
        schema: agentSchema,
        onConnect: async ({ connectionParams, extra }) => {
          const { socket, request } = extra as unknown as { socket: WebSocket; request: IncomingMessage };
          return this.acknowledge({ connectionParams, socket, challenge: challengeOf.get(request) ?? '' }, extra);
        },
        onSubscribe: (_context, _id, payload) => this.findOperation(payload.query, payload.variables),
      },
      server,
    );
    return server;
  }

  private async acknowledge(
    { connectionParams, socket, challenge }: { connectionParams: unknown; socket: WebSocket; challenge: string },
    extra: { hello?: AgentHello },
  ): Promise<Record<string, unknown>> {
    const { faults, keys } = this;
    const hello = agentHelloSchema.parse(connectionParams);
    this.hellos.push(hello);
    if (faults.hangHandshake) await new Promise(() => {});
    if (faults.closeOnHello) {
      socket.close(faults.closeOnHello.code, faults.closeOnHello.reason);
      return new Promise(() => {});
    }
    const agent = this.agents.get(hello.agentId);
    const isFresh = hello.challenge === challenge || this.challenges.delete(hello.challenge);
    if (!agent || !isFresh || !verifyHello(hello, agent.publicKey)) {
      socket.close(4604, 'The handshake’s proof was wrong or too late');
      return new Promise(() => {});
    }
    extra.hello = hello;
    const isStale = hello.controlPlaneKeyId !== keys.controlPlane.keyId;
    const ack = {
      version: 1,
      serverId: agent.serverId,
      workspaceId: agent.workspaceId,
      epoch: { generation: this.generation, counter: ++this.counter },
      time: this.now().toISOString(),
      ephemeralKey: generateEphemeralKey().publicKey,
      keysetVersion: keys.version,
      keyset: isStale ? keys.keyset() : null,
      anchor: null,
    };
    return { ...signAck(faults.ackKey ?? keys.controlPlane, faults.changeAck?.(ack) ?? ack, hello) };
  }

  private findOperation(query: string, variables?: Record<string, unknown> | null) {
    this.operations.push(query);
    const published = [PublishOperation, InstructionsOperation].find(({ hash }) => query === `sha256:${hash}`);
    if (!published) throw new Error('Not a published operation');
    const document = parse(published.document);
    if (published === InstructionsOperation) this.openInstructions();
    return { schema: agentSchema, document, variableValues: variables, rootValue: this.roots };
  }

  private readonly roots = {
    publish: ({ frames }: { frames: AgentFrame[] }) => this.takeFrames(frames),
    instructions: () => this.outgoing,
  };

  private openInstructions(): void {
    this.outgoing.end();
    this.outgoing = new AsyncQueue();
    const hello = this.hellos.latest;
    if (hello) this.subscriptions.push(hello);
  }

  private async takeFrames(frames: readonly AgentFrame[]): Promise<PublishReceipt> {
    this.concurrentPublishes += 1;
    this.mostConcurrentPublishes = Math.max(this.mostConcurrentPublishes, this.concurrentPublishes);
    try {
      const receipt = (await this.faults.onPublish?.(frames)) ?? { refused: [] };
      const refused = new Set(receipt.refused.map(({ index }) => index));
      this.frames.push(...frames.filter((_, index) => !refused.has(index)));
      this.publishes.push(frames);
      this.published.push(frames);
      return receipt;
    } finally {
      this.concurrentPublishes -= 1;
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.faults.hangHttp) return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as unknown) : null;
    const reply = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (request.url === '/agent/keyset') return reply(200, this.keys.keyset());
    if (request.url === '/agent/challenge') {
      const challenge = randomBytes(32).toString('base64url');
      this.challenges.add(challenge);
      return reply(200, { challenge });
    }
    if (request.url !== '/agent/enrol') return reply(404, { code: 'NOT_FOUND', message: 'There is nothing here' });
    const outcome = this.enrol(body);
    if (this.faults.cutEnrolment) return void request.socket.destroy();
    if (typeof outcome !== 'string') return reply(200, outcome);
    const { status, message } = ENROLMENT_REFUSALS[outcome];
    return reply(status, { code: outcome, message });
  }

  private enrol(body: unknown) {
    if (this.faults.enrolmentRefusal) return this.faults.enrolmentRefusal;
    const parsed = enrolmentRequestSchema.safeParse(body);
    if (!parsed.success) return 'MALFORMED';
    if (!verifyEnrolment(parsed.data)) return 'BAD_SIGNATURE';
    if (!this.tokens.delete(parsed.data.token)) return 'TOKEN_INVALID';
    const { publicKey, facts } = parsed.data;
    const agent = this.addAgent(publicKey);
    agent.facts = facts;
    const receipt: EnrolmentReceipt = {
      agentId: agent.agentId,
      serverId: agent.serverId,
      workspaceId: agent.workspaceId,
      generation: this.generation,
      publicKey,
      rootFingerprint: this.keys.pin,
      issuedAt: this.now().toISOString(),
    };
    const { receiptKey, changeReceipt } = this.faults;
    return signReceipt(receiptKey ?? this.keys.controlPlane, changeReceipt?.(receipt) ?? receipt);
  }
}

/** graphql-ws complains on standard error when it cannot answer a socket, which here a test has cut on purpose. */
function ignoreFailedSends(socket: WebSocket): void {
  const send = socket.send.bind(socket) as (data: string, done: () => void) => void;
  socket.send = (data: unknown, done?: unknown) => send(data as string, () => (done as (() => void) | undefined)?.());
}
