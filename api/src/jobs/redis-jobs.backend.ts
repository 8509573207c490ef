import { setTimeout as delay } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisPlace } from '../kernel/redis-event-bus.js';
import { WORKER_OPTIONS, type JobsBackend, type JobsQueue, type JobsWorker } from './jobs.backend.js';

const AWAY_AFTER_MS = 3000;
const HEARTBEATS_UNTIL_AWAY = 3;
const MAX_RECONNECT_MS = 1000;

/** A Redis that may be away, hang or forget at any time. */
export class RedisJobsBackend implements JobsBackend {
  /** For the queue: answers soon or not at all. */
  private readonly client: Redis;
  /** For the worker, which waits on it for its next job. */
  private readonly patient: Redis;
  private readonly heartbeat: NodeJS.Timeout;
  private answeredAt = -Infinity;

  /** @param awayAfterMs how long it may leave a heartbeat unanswered */
  constructor(
    private readonly place: RedisPlace,
    private readonly awayAfterMs = AWAY_AFTER_MS,
  ) {
    this.client = new Redis(place.url, { ...RECONNECT, commandTimeout: awayAfterMs });
    this.patient = new Redis(place.url, { ...RECONNECT, maxRetriesPerRequest: null });
    for (const client of [this.client, this.patient]) client.on('error', () => undefined); // `isAway` tells
    this.heartbeat = setInterval(() => void this.beat(), awayAfterMs / HEARTBEATS_UNTIL_AWAY);
    this.client.once('ready', () => void this.beat());
  }

  async ready(): Promise<void> {
    const limit = performance.now() + this.awayAfterMs;
    while (this.isAway() && performance.now() < limit) await delay(10);
  }

  isAway(): boolean {
    return performance.now() - this.answeredAt > this.awayAfterMs;
  }

  queue(name: string): JobsQueue {
    return new Queue(name, { connection: this.client, prefix: this.prefix });
  }

  worker(name: string, run: (job: { name: string }) => Promise<void>): JobsWorker {
    return new Worker(name, run, { ...WORKER_OPTIONS, connection: this.patient, prefix: this.prefix });
  }

  close(): void {
    clearInterval(this.heartbeat);
    this.client.disconnect();
    this.patient.disconnect();
  }

  private get prefix(): string {
    return `{${this.place.prefix}}`;
  }

  private async beat(): Promise<void> {
    const askedAt = performance.now();
    await this.client.ping().then(
      () => (this.answeredAt = askedAt),
      () => undefined, // `isAway` tells
    );
  }
}

const RECONNECT = {
  connectionName: 'pilothouse jobs',
  retryStrategy: (attempts: number) => Math.min(2 ** attempts * 10, MAX_RECONNECT_MS),
};
