import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dataSourceOptions } from '@pilothouse/db';
import express, { type RequestHandler } from 'express';
import { DataSource } from 'typeorm';
import { pino } from 'pino';
import { Database } from '../../../kernel/database/index.js';
import { InProcessEventBus } from '../../../kernel/event-bus.js';
import { RATE_LIMITS, RateLimits } from '../../../kernel/rate-limits.js';
import { Fleet } from '../../../testing/fleet.js';
import { createServerGroupsFeature } from '../../server-groups/index.js';
import { createServersFeature } from '../../servers/index.js';
import { createEnrolmentFeature } from '../index.js';

export interface Reply {
  status: number;
  // The shape of the body is the test's own expectation.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  headers: Headers;
}

/** What agents reach without a link, of two replicas: the first allows any number of requests, the second 100 a minute. */
export class EntrancesScene {
  fleet!: Fleet;
  origins: string[] = [];
  private servers: Server[] = [];
  private replica!: Awaited<ReturnType<typeof openReplica>>;

  async start(): Promise<void> {
    this.fleet = await Fleet.start(
      new RateLimits({ ...RATE_LIMITS, agentEntrance: { points: 1_000_000, seconds: 1 } }),
    );
    this.replica = await openReplica(this.fleet);
    this.servers = [await listen(this.fleet.enrolment.entrances), await listen(this.replica.entrances)];
    this.origins = this.servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) server.close();
    await this.replica.close();
    await this.fleet.stop();
  }

  async post(
    path: string,
    body: unknown,
    { at = 0, headers = {} }: { at?: number; headers?: object } = {},
  ): Promise<Reply> {
    const response = await fetch(`${this.origins[at]}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Blob ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    const response = await fetch(`${this.origins[0]}${path}`, { headers });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }
}

/** Another process of the api, as far as it shares the database and the keys and nothing else. */
async function openReplica(fleet: Fleet) {
  const options = { applicationName: 'pilothouse tests', poolSize: 8 };
  const dataSource = new DataSource(dataSourceOptions({ url: fleet.harness.db.appUrl, ...options }));
  await dataSource.initialize();
  const bus = new InProcessEventBus();
  const kernel = { database: new Database(dataSource, bus), bus };
  const groups = createServerGroupsFeature(kernel).directory;
  const { entrances } = createEnrolmentFeature({
    ...kernel,
    groups,
    servers: createServersFeature({ ...kernel, groups }),
    rateLimits: new RateLimits({ ...RATE_LIMITS, agentEntrance: { points: 100, seconds: 60 } }),
    log: pino({ level: 'silent' }),
    identityKey: fleet.identityKey,
    rootFingerprint: fleet.rootFingerprint,
    publicOrigin: 'https://pilot.example.test',
  });
  return { entrances, close: () => dataSource.destroy() };
}

async function listen(entrances: RequestHandler): Promise<Server> {
  const server = createServer(express().use(entrances)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
