import { WebSocket, type ClientOptions } from 'ws';

export interface SocketMessage {
  type: string;
  id?: string;
  // The shape is the test's own document.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  payload?: any;
}

/** A graphql-ws peer without a will of its own: sends what it is told, shows what comes. */
export class RawSocket {
  readonly messages: SocketMessage[] = [];
  readonly closed: Promise<number>;
  /** HTTP status of an upgrade that was refused. */
  readonly refused: Promise<number>;
  /** Headers of the answer to the upgrade, once it is open. */
  headers: Readonly<Record<string, unknown>> = {};
  private readonly opened: Promise<void>;
  private waiting: (() => void)[] = [];
  private nextId = 0;

  constructor(origin: string, { path = '/graphql', ...options }: ClientOptions & { path?: string } = {}) {
    this.socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, 'graphql-transport-ws', options);
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.opened = new Promise((resolve) => this.socket.once('open', () => resolve()));
    this.socket.once('upgrade', ({ headers }) => void (this.headers = headers));
    this.refused = new Promise((resolve) =>
      this.socket.once('unexpected-response', (request, response) => {
        request.destroy();
        resolve(response.statusCode ?? 0);
      }),
    );
    this.socket.on('error', () => undefined); // shown by `closed` or `refused`
    this.socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as SocketMessage);
      this.wake();
    });
    this.socket.once('close', () => this.wake());
  }

  readonly socket: WebSocket;

  /** Open and acknowledged. */
  static async connected(
    origin: string,
    params: Record<string, unknown> = {},
    options: ClientOptions = {},
  ): Promise<RawSocket> {
    const socket = new RawSocket(origin, options);
    await socket.init(params);
    return socket;
  }

  async init(params: Record<string, unknown> = {}): Promise<void> {
    await this.open();
    this.send({ type: 'connection_init', payload: params });
    await this.until(({ type }) => type === 'connection_ack');
  }

  /** Resolves as `open` when it is, or as the status with which it is refused. */
  answer(): Promise<'open' | number> {
    return Promise.race([this.opened.then(() => 'open' as const), this.refused]);
  }

  async open(): Promise<void> {
    const answer = await this.answer();
    if (answer !== 'open') throw new Error(`The upgrade was refused with ${answer}`);
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Starts an operation. @returns its id. */
  subscribe(payload: unknown, id = String((this.nextId += 1))): string {
    this.send({ type: 'subscribe', id, payload });
    return id;
  }

  /** The first message that fits, past or to come. @throws when the socket is closed without one. */
  async until(fits: (message: SocketMessage) => boolean): Promise<SocketMessage> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found) return found;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`Closed with ${await this.closed}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** The first answer to an operation: of type `next` or `error`. */
  firstOf(id: string): Promise<SocketMessage> {
    return this.until((message) => message.id === id && message.type !== 'complete');
  }

  /** Resolves once everything sent has been answered. */
  async flushed(): Promise<void> {
    const pong = new Promise((resolve) => this.socket.once('pong', resolve));
    this.socket.ping();
    await Promise.race([pong, this.closed]);
  }

  async end(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
