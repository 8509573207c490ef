import type { Agent } from 'node:https';
import { closeReasonOf, CLOSE_CODES, type AgentFrame, type CloseReason } from '@pilothouse/protocol';
import { createClient, type Client } from 'graphql-ws/client';
import { WebSocket } from 'ws';
import type { LinkLimits } from '../kernel/limits.js';
import { describeError } from '../kernel/log.js';
import {
  codeOf,
  describeFailure,
  failureOf,
  messageOf,
  PublishError,
  type Answer,
  type PublishReceipt,
} from './answer.js';
import {
  InstructionsOperation,
  PublishOperation,
  type InstructionsSubscription,
  type PublishMutation,
} from './operations.generated.js';

/** How a connection ended, and what follows from it. */
export interface ConnectionEnd {
  message: string;
  /** Told by the control plane's close code. */
  reason: CloseReason | null;
  retry: 'backoff' | 'pause';
}

export interface ConnectionOptions {
  /** Origin of the control plane. */
  url: string;
  tls: Agent | undefined;
  limits: LinkLimits;
  /** Makes the connection parameters. `headers` are those of the 101 response. */
  introduce: (headers: Record<string, string | string[] | undefined>) => Promise<Record<string, unknown>>;
  /** Judges the acknowledgement. A throw ends the connection before any operation is sent. */
  judge: (payload: unknown) => void;
  onHandshaking: () => void;
  onOpen: () => void;
  onInstruction: (instruction: unknown) => void;
}

/**
 * One WebSocket to the control plane, from the first packet to its end; never reused.
 *
 * Each phase has a deadline, and a connection on which nothing was received for `silenceTimeoutMs` is cut, because a
 * half-open one would never end by itself. graphql-ws's client speaks the protocol; its retries and its lazy mode are
 * off, since they give up after a while and know nothing of pauses.
 */
export class Connection {
  /** Resolves, never rejects, once the socket is gone. */
  readonly ended: Promise<ConnectionEnd>;
  private readonly client: Client;
  private socket: WebSocket | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  #heardMs = 0;
  /** Why this side ended it, or what went wrong first. */
  private cause: string | null = null;
  private isCut = false;
  private markEnded!: (end: ConnectionEnd) => void;

  constructor(private readonly options: ConnectionOptions) {
    this.ended = new Promise((resolve) => (this.markEnded = resolve));
    const { limits, judge, onOpen } = options;
    let headers: Record<string, string | string[] | undefined> = {};
    let operations = 0;
    this.expectWithin(limits.connectTimeoutMs, 'The control plane could not be reached');
    this.client = createClient({
      url: `${options.url.replace(/^http/, 'ws')}/agent`,
      webSocketImpl: this.observedSocket((received) => (headers = received)),
      lazy: false,
      retryAttempts: 0,
      shouldRetry: () => false,
      onNonLazyError: () => {
        // `ended` tells every end, with its cause.
      },
      keepAlive: limits.heartbeatIntervalMs,
      generateID: () => String(++operations),
      connectionParams: () => this.introduce(headers),
      on: {
        connected: (_socket, payload) => {
          this.judgeOrRemember(judge, payload);
          onOpen();
        },
      },
    });
  }

  /** When a frame was last received, by the monotonic clock. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Ends the handshake's deadline and starts the one subscription; what it yields goes to `onInstruction`. */
  listen(): void {
    clearTimeout(this.deadline);
    this.client.subscribe<InstructionsSubscription>(
      { query: `sha256:${InstructionsOperation.hash}` },
      {
        next: (result) => {
          if (result.data) this.options.onInstruction(result.data.instructions);
          else this.cut(`Instructions were refused: ${messageOf(result)}`);
        },
        error: (error) => this.cut(`Instructions ended: ${describeFailure(error)}`),
        complete: () => this.cut('The control plane ended the instructions'),
      },
    );
  }

  /**
   * Publishes frames and resolves when the control plane has committed them.
   * @throws PublishError when it refused the whole mutation, Error when the connection ended first
   */
  publish(frames: readonly AgentFrame[]): Promise<PublishReceipt> {
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => {
        this.cut('The control plane did not confirm what was published');
      }, this.options.limits.publishTimeoutMs);
      const settle = (act: () => void) => {
        clearTimeout(overdue);
        act();
      };
      let answer: Answer<PublishMutation> | null = null;
      this.client.subscribe<PublishMutation>(
        { query: `sha256:${PublishOperation.hash}`, variables: { frames } },
        {
          next: (result) => (answer = result),
          error: (error) => settle(() => reject(new PublishError(describeFailure(error), codeOf(error)))),
          complete: () => settle(() => (answer?.data ? resolve(answer.data.publish) : reject(failureOf(answer)))),
        },
      );
    });
  }

  /** Ends the connection at once, without waiting for the other side, which may be gone. */
  cut(cause: string): void {
    this.cause ??= cause;
    this.isCut = true;
    this.socket?.terminate();
  }

  /** Says goodbye, and cuts the connection when the other side does not answer that. */
  async close(cause: string): Promise<void> {
    this.cause ??= cause;
    this.isCut = true;
    this.socket?.close(1000, 'Stopping');
    const patience = setTimeout(() => this.socket?.terminate(), 500);
    await this.ended;
    clearTimeout(patience);
  }

  private async introduce(headers: Record<string, string | string[] | undefined>) {
    try {
      return await this.options.introduce(headers);
    } catch (error) {
      this.cut(describeError(error));
      throw error;
    }
  }

  private judgeOrRemember(judge: (payload: unknown) => void, payload: unknown): void {
    try {
      judge(payload);
    } catch (error) {
      this.cause ??= describeError(error);
      this.isCut = true;
      throw error;
    }
  }

  private observedSocket(onHeaders: (headers: Record<string, string | string[] | undefined>) => void) {
    const { limits, tls } = this.options;
    const adopt = (socket: WebSocket) => this.observe(socket, onHeaders);
    return class ObservedSocket extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols, {
          agent: tls,
          maxPayload: limits.maxMessageBytes,
          perMessageDeflate: false,
          followRedirects: false,
        });
        adopt(this);
      }
    };
  }

  private observe(
    socket: WebSocket,
    onHeaders: (headers: Record<string, string | string[] | undefined>) => void,
  ): void {
    this.socket = socket;
    const received = () => (this.#heardMs = performance.now());
    socket.on('upgrade', ({ headers }) => onHeaders(headers));
    socket.on('open', () => {
      received();
      this.expectWithin(this.options.limits.handshakeTimeoutMs, 'The handshake was not finished in time');
      this.watchSilence();
      this.options.onHandshaking();
    });
    socket.on('message', received).on('ping', received).on('pong', received);
    socket.on('error', (error) => (this.cause ??= describeError(error)));
    socket.on('close', (code, reason) => {
      clearTimeout(this.deadline);
      clearTimeout(this.silence);
      this.retire();
      this.markEnded(this.endOf(code, reason.toString()));
    });
  }

  /** Without this the client, whatever its retry options say, opens a new socket after a close with code 1000. */
  private retire(): void {
    Promise.resolve(this.client.dispose()).catch(() => {
      // It waits for a connection that failed, which `ended` tells already.
    });
  }

  private expectWithin(timeoutMs: number, failure: string): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.cut(`${failure} (${timeoutMs / 1000} s)`), timeoutMs);
  }

  private watchSilence(): void {
    const { silenceTimeoutMs } = this.options.limits;
    const leftMs = this.#heardMs + silenceTimeoutMs - performance.now();
    if (leftMs <= 0) this.cut(`Nothing was received for ${silenceTimeoutMs / 1000} s`);
    else this.silence = setTimeout(() => this.watchSilence(), Math.ceil(leftMs));
  }

  private endOf(code: number, reason: string): ConnectionEnd {
    const known = this.isCut ? null : closeReasonOf(code);
    if (known) return { message: CLOSE_CODES[known].meaning, reason: known, retry: CLOSE_CODES[known].retry };
    const told = reason === '' ? `The connection ended (${code})` : `The control plane closed: ${reason} (${code})`;
    return { message: this.cause ?? told, reason: null, retry: 'backoff' };
  }
}
