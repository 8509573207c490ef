import { createClient, type Client, type CloseCode } from 'graphql-ws';
import { WebSocket, type ClientOptions } from 'ws';
import type { ApiHttp, Endpoint } from './api-http.js';
import { asUnreachable, USER_AGENT } from './api-http.js';
import { ApiFault, Unreachable } from './cli-error.js';
import { EventQueue } from './event-queue.js';

const PING_INTERVAL_MS = 10_000;
const CONNECTION_TIMEOUT_MS = 10_000;

export interface SocketParts {
  endpoint: Endpoint;
  http: ApiHttp;
  /** Asked at each connection: a confirmation changes the token. */
  token: () => string | null;
  workspaceId: string | null;
}

export interface SocketSubscription {
  query: string;
  variables: Record<string, unknown>;
  /** Called once there is a connection that it goes over. */
  onOpen: () => void;
}

/** One WebSocket to the API, which carries any number of subscriptions at once and opens with the first of them. */
export class ApiSocket {
  private readonly client: Client;
  /** Queues that are full. */
  private readonly pressing = new Set<object>();
  private socket: WebSocket | null = null;
  /** Whether the control plane has accepted the connection; until then, who wants to know. */
  private isOpen = false;
  private readonly opening = new Set<() => void>();

  constructor(private readonly parts: SocketParts) {
    const { endpoint, http, token, workspaceId } = parts;
    const options: ClientOptions = {
      agent: http.agent,
      handshakeTimeout: CONNECTION_TIMEOUT_MS,
      headers: { 'user-agent': USER_AGENT },
    };
    const keep = (socket: WebSocket) => (this.socket = socket);
    this.client = createClient({
      url: `${endpoint.origin.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocols?: string | string[]) {
          super(address, protocols, options);
          keep(this);
        }
      },
      connectionParams: () => {
        const current = token();
        return { ...(current !== null && { token: current }), ...(workspaceId !== null && { workspaceId }) };
      },
      connectionAckWaitTimeout: CONNECTION_TIMEOUT_MS,
      // Whoever reads decides where to resume, so a broken connection ends every subscription.
      retryAttempts: 0,
      keepAlive: PING_INTERVAL_MS,
      on: this.watch(),
    });
  }

  /**
   * The events of a subscription, with back-pressure: a reader that does not keep up pauses the socket.
   * @throws ApiFault for what the API refuses, Unreachable when the connection breaks.
   */
  async *subscribe<Event>({ query, variables, onOpen }: SocketSubscription): AsyncGenerator<Event, void> {
    if (this.isOpen) onOpen();
    else this.opening.add(onOpen);
    const queue = new EventQueue<Event>((isFull) => this.press(queue, isFull));
    const end = this.client.subscribe<Event>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          const [error] = errors ?? [];
          if (error) queue.fail(new ApiFault(codeOf(error), error.message));
          else if (data) queue.push(data);
        },
        error: (error) => queue.fail(this.asFailure(error)),
        complete: () => queue.end(),
      },
    );
    try {
      yield* queue;
    } finally {
      this.opening.delete(onOpen);
      this.press(queue, false);
      end();
    }
  }

  async close(): Promise<void> {
    await this.client.dispose();
  }

  private press(queue: object, isFull: boolean): void {
    if (isFull) this.pressing.add(queue);
    else this.pressing.delete(queue);
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (this.pressing.size > 0) this.socket.pause();
    else this.socket.resume();
  }

  /** A ping without an answer by the time of the next one means that the connection is dead; a paused one hears none. */
  private watch() {
    let late: NodeJS.Timeout | undefined;
    return {
      ping: (received: boolean) => {
        if (received || this.pressing.size > 0) return;
        late = setTimeout(() => this.pressing.size === 0 && this.socket?.terminate(), PING_INTERVAL_MS);
        late.unref();
      },
      pong: (received: boolean) => received && clearTimeout(late),
      connected: () => {
        this.isOpen = true;
        for (const onOpen of this.opening) onOpen();
        this.opening.clear();
      },
      closed: () => {
        this.isOpen = false;
        clearTimeout(late);
      },
    };
  }

  private asFailure(error: unknown): Error {
    if (Array.isArray(error)) {
      const [first] = error as { message: string; extensions?: { code?: unknown } }[];
      return new ApiFault(first ? codeOf(first) : 'INTERNAL', first?.message ?? 'The subscription failed.');
    }
    const { origin } = this.parts.endpoint;
    if (isClose(error)) return new Unreachable(`The connection to ${origin} was closed (${error.code}).`);
    const cause = (error as { error?: unknown }).error ?? error;
    return asUnreachable(cause instanceof Error ? cause : new Error(String(cause)), origin);
  }
}

function codeOf(error: { extensions?: { code?: unknown } }): string {
  return typeof error.extensions?.code === 'string' ? error.extensions.code : 'INTERNAL';
}

function isClose(error: unknown): error is { code: CloseCode | number } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number';
}
