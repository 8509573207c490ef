import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { InProcessEventBus, type EventBus, type Topic } from './event-bus.js';
import type { Logger } from './log.js';

/** A Redis that several replicas share, and what this installation's keys and channels begin with there. */
export interface RedisPlace {
  url: string;
  prefix: string;
}

/** Wakes on their way to a Redis that does not answer; what comes on top is dropped. */
const MAX_UNANSWERED = 1000;
const MAX_RECONNECT_MS = 1000;
const CONNECT_TIMEOUT_MS = 5000;

/**
 * The bus of a control plane with several replicas. Readers in this process are woken directly, those of the others
 * through Redis, which sees topics and nothing else. Nobody ever waits for Redis: while it is away wakes are lost.
 */
export class RedisEventBus implements EventBus {
  private readonly local = new InProcessEventBus();
  /** Tells this replica's own wakes from the others'. */
  private readonly replica = randomBytes(8).toString('hex');
  private readonly channel: string;
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private unanswered = 0;
  private listening = false;
  private isKnownAway = false;

  constructor(
    { url, prefix }: RedisPlace,
    private readonly log: Logger,
  ) {
    this.channel = `${prefix}:wakes`;
    this.publisher = connect(url);
    this.subscriber = connect(url);
    this.publisher.on('error', () => undefined); // The subscriber, which shares its fate, tells of it.
    this.subscriber.on('error', (error) => this.away(error));
    this.subscriber.on('close', () => this.away(new Error('The connection broke')));
    this.subscriber.on('ready', () => this.listen());
    this.subscriber.on('message', (_channel, message: string) => this.hear(message));
  }

  /** Whether the other replicas are heard. */
  get isConnected(): boolean {
    return this.listening;
  }

  publish(topic: Topic): void {
    this.local.publish(topic);
    if (this.unanswered >= MAX_UNANSWERED) return;
    this.unanswered += 1;
    this.publisher
      .publish(this.channel, `${this.replica} ${topic}`)
      .catch(() => undefined) // Lost: the others notice at their next poll.
      .finally(() => (this.unanswered -= 1));
  }

  subscribe(topic: Topic, wake: () => void): () => void {
    return this.local.subscribe(topic, wake);
  }

  close(): void {
    this.subscriber.removeAllListeners('close');
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private listen(): void {
    this.subscriber.subscribe(this.channel).then(
      () => {
        this.listening = true;
        this.isKnownAway = false;
        this.log.info('The event bus is connected to Redis');
      },
      (error: unknown) => {
        this.away(error);
        setTimeout(() => this.subscriber.disconnect(true), MAX_RECONNECT_MS).unref();
      },
    );
  }

  private hear(message: string): void {
    const [from, topic] = message.split(' ', 2);
    if (from !== this.replica && topic !== undefined) this.local.publish(topic as Topic);
  }

  /** Said once, not at every attempt. */
  private away(error: unknown): void {
    this.listening = false;
    if (this.isKnownAway) return;
    this.isKnownAway = true;
    this.log.warn({ err: error }, 'Redis is away: other replicas are noticed by polling until it is back');
  }
}

/** Nothing is kept for later, neither what was asked while it was away nor what was under way when it went. */
function connect(url: string): Redis {
  return new Redis(url, {
    connectionName: 'pilothouse bus',
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: CONNECT_TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: false,
    retryStrategy: (attempts) => Math.min(2 ** attempts * 10, MAX_RECONNECT_MS),
  });
}
