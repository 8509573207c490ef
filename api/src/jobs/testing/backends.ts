import { randomBytes } from 'node:crypto';
import type { TestDatabase } from '@pilothouse/db/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { RedisPlace } from '../../kernel/redis-event-bus.js';
import { canRunRedis, RedisServer } from '../../testing/redis-server.js';
import type { JobsBackend } from '../jobs.backend.js';
import { PostgresJobsBackend } from '../postgres-jobs.backend.js';
import { RedisJobsBackend } from '../redis-jobs.backend.js';

/** A third of what it is in the field. */
const AWAY_AFTER_MS = 1000;

/** Where jobs are kept while one test runs. */
export interface BackendScene {
  /** As `createJobs` is told of it. */
  redis: RedisPlace | null;
  /** A backend for one more process. */
  make(): JobsBackend;
  /** Forgets what is due, as a crash at the wrong moment does. */
  forget(): Promise<void>;
  /** How many runs of a job it knows of. */
  countOf(job: string): Promise<number>;
}

/** The server behind the scenes of a test file. */
export interface BackendServer {
  name: string;
  isHere: boolean;
  start(): Promise<void>;
  remove(): Promise<void>;
  scene(database: Pick<TestDatabase, 'jobsUrl' | 'adminUrl'>): BackendScene;
}

export const onPostgres: BackendServer = {
  name: 'PostgreSQL',
  isHere: true,
  start: async () => undefined,
  remove: async () => undefined,
  scene: ({ jobsUrl, adminUrl }) => ({
    redis: null,
    make: () => new PostgresJobsBackend(jobsUrl),
    forget: async () => void (await ask(adminUrl, 'delete from bullmq.job')),
    countOf: async (job) => {
      const [row] = await ask(adminUrl, 'select count(*)::int as n from bullmq.job where name = $1', [job]);
      return row?.['n'] as number;
    },
  }),
};

export class OnRedis implements BackendServer {
  readonly name = 'Redis [needs redis]';
  readonly isHere = canRunRedis();
  server!: RedisServer;

  async start(): Promise<void> {
    this.server = await RedisServer.start();
  }

  remove(): Promise<void> {
    return this.server.remove();
  }

  scene(): BackendScene {
    const redis = { url: this.server.url, prefix: randomBytes(4).toString('hex') };
    return {
      redis,
      make: () => new RedisJobsBackend(redis, AWAY_AFTER_MS),
      forget: () => this.ask(async (client) => void (await client.flushall())),
      countOf: (job) =>
        this.ask(async (client) => (await client.keys(`{${redis.prefix}}:jobs:repeat:${job}:*`)).length),
    };
  }

  private async ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.server.url);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }
}

async function ask(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}
