import { randomUUID } from 'node:crypto';
import {
  CHALLENGE_HEADER,
  controlPlaneAckSchema,
  generateEphemeralKey,
  sha256Hex,
  signHello,
  type AgentHello,
  type ControlPlaneAck,
  type SigningKey,
} from '@pilothouse/protocol';
import { createRequire } from 'node:module';
import { WebSocket, type ClientOptions } from 'ws';

/** An identity as its host holds it. */
export interface Identity {
  serverId: string;
  workspaceId: string;
  agentId: string;
  key: SigningKey;
}

export interface Closed {
  code: number;
  reason: string;
}

/** One message of the control plane. */
export interface Received {
  type: string;
  id?: string;
  // The shape of the payload is the operation's own.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  payload?: any;
}

const published = createRequire(import.meta.url)('@pilothouse/protocol/operations/1.json') as Record<string, string>;

/** How an agent names a published operation. */
export function operation(name: 'Publish' | 'Instructions'): string {
  const text = Object.values(published).find((document) => document.includes(` ${name}`)) ?? '';
  return `sha256:${sha256Hex(text)}`;
}

/** The least that speaks the protocol over a real socket, and may break any rule of it. */
export class AgentClient {
  readonly closed: Promise<Closed>;
  /** Everything received that nobody has taken yet. */
  private readonly messages: Received[] = [];
  private waiting: { wanted: (message: Received) => boolean; take: (message: Received | null) => void }[] = [];
  private operations = 0;

  private constructor(
    readonly socket: WebSocket,
    readonly challenge: string,
  ) {
    this.closed = new Promise((resolve) =>
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const { take } of this.waiting.splice(0)) take(null);
      }),
    );
    socket.on('message', (data: Buffer) => this.hand(JSON.parse(data.toString()) as Received));
  }

  /** @throws the HTTP status when the upgrade is refused. */
  static open(url: string, options: ClientOptions = {}): Promise<AgentClient> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/agent`, 'graphql-transport-ws', options);
      socket.on('error', () => {
        // Its close follows and is what tests wait for.
      });
      let client: AgentClient;
      socket.once('upgrade', ({ headers }) => {
        client = new AgentClient(socket, String(headers[CHALLENGE_HEADER]));
      });
      socket.once('open', () => resolve(client));
      socket.once('unexpected-response', (_request, { statusCode }) => {
        reject(new Error(`HTTP ${statusCode}`));
        socket.terminate();
      });
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The next message of this kind; null when the socket ends without one. */
  next(wanted: (message: Received) => boolean): Promise<Received | null> {
    const index = this.messages.findIndex(wanted);
    if (index >= 0) return Promise.resolve(this.messages.splice(index, 1)[0]!);
    if (this.socket.readyState === WebSocket.CLOSED) return Promise.resolve(null);
    return new Promise((take) => this.waiting.push({ wanted, take }));
  }

  /** Says hello. @returns the control plane's answer; null when it closed instead. */
  async shake(hello: AgentHello): Promise<ControlPlaneAck | null> {
    this.send({ type: 'connection_init', payload: hello });
    const ack = await this.next(({ type }) => type === 'connection_ack');
    return ack && controlPlaneAckSchema.parse(ack.payload);
  }

  subscribe(query: string, variables?: Record<string, unknown>): string {
    const id = String(++this.operations);
    this.send({ type: 'subscribe', id, payload: { query, variables } });
    return id;
  }

  /** Publishes frames. @returns the answer; null when the socket ended without one. */
  async publish(frames: readonly unknown[]): Promise<Received['payload']> {
    const id = this.subscribe(operation('Publish'), { frames });
    const answer = await this.next((message) => message.id === id && message.type !== 'complete');
    return answer?.payload ?? null;
  }

  /** Publishes frames that are to be taken. @returns those that were refused. */
  async publishAll(frames: readonly unknown[]): Promise<{ index: number; code: string }[]> {
    const answer = await this.publish(frames);
    if (!answer?.data) throw new Error(`Not taken: ${JSON.stringify(answer)}`);
    return answer.data.publish.refused;
  }

  listen(): string {
    return this.subscribe(operation('Instructions'));
  }

  /** The next instruction of the subscription. */
  async instruction(): Promise<Record<string, string> | null> {
    const message = await this.next(({ type, payload }) => type === 'next' && payload?.data?.instructions);
    return message?.payload.data.instructions ?? null;
  }

  end(): Promise<Closed> {
    this.socket.close(1000);
    return this.closed;
  }

  private hand(message: Received): void {
    const index = this.waiting.findIndex(({ wanted }) => wanted(message));
    if (index >= 0) this.waiting.splice(index, 1)[0]!.take(message);
    else this.messages.push(message);
  }
}

export interface HelloFields extends Partial<Omit<AgentHello, 'signature'>> {
  challenge: string;
  controlPlaneKeyId: string;
  audience: string;
}

/** A hello as this agent signs it; `key` instead of its own where somebody else pretends. */
export function helloOf(identity: Identity, fields: HelloFields, key = identity.key): AgentHello {
  return signHello(key, {
    versions: { min: 1, max: 1 },
    agentId: identity.agentId,
    ephemeralKey: generateEphemeralKey().publicKey,
    instanceId: randomUUID(),
    bootId: 'boot',
    agentVersion: '0.1.0',
    ...fields,
  });
}
