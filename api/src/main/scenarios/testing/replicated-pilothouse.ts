import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FaultyProxy, type Numbers } from '@pilothouse/agent/testing';
import { durableTestCluster, type DurableTestCluster, type TestDatabase } from '@pilothouse/db/testing';
import { Client } from 'pg';
import { hostVariables } from '../../../kernel/environment.js';
import { readSigningLog, SIGNING_LOG } from '../../../signer/index.js';
import { ApiClient, eventually, freePort } from '../../../testing/index.js';
import { RedisServer } from '../../../testing/redis-server.js';
import { ensureInstallation } from '../../installation/installation.js';
import type { ToParent } from '../../process/parent.js';
import { KeptProcess } from './kept-process.js';

export const REPLICAS = 2;

const built = (name: string) => fileURLToPath(new URL(`../../../../dist/main/${name}.js`, import.meta.url));

/** A replica as a client reaches it, past the faulty path. */
class Replica extends ApiClient {
  constructor(
    override readonly origin: string,
    readonly process: KeptProcess,
  ) {
    super();
  }

  /** Whether it serves, and with a database. */
  async isWell(): Promise<boolean> {
    const response = await fetch(`${this.origin}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => null);
    const health = (await response?.json().catch(() => null)) as { status: string } | null | undefined;
    return health?.status === 'ok';
  }
}

/**
 * The control plane as an operator runs it several times on one database: two apis, the signer and the jobs as processes
 * of their own, PostgreSQL, Redis where it is asked for, and before the apis one address, on a path that has faults.
 */
export class ReplicatedPilothouse {
  readonly replicas: Replica[] = [];
  /** The owner's, just confirmed with the password. */
  token = '';
  signer!: KeptProcess;
  jobs!: KeptProcess;
  proxy!: FaultyProxy;
  redis: RedisServer | null = null;
  private cluster!: DurableTestCluster;
  private database!: TestDatabase;
  private directory!: string;
  private setUpCode: string | null = null;

  static async start(options: { redis: boolean; numbers: Numbers }): Promise<ReplicatedPilothouse> {
    const pilothouse = new ReplicatedPilothouse();
    try {
      await pilothouse.open(options);
      return pilothouse;
    } catch (error) {
      await pilothouse.remove();
      throw error;
    }
  }

  /** The replicas behind their path, as agents know them. */
  get entrance(): ApiClient {
    return Object.assign(new ApiClient(), { origin: this.proxy.url });
  }

  get adminUrl(): string {
    return this.database.adminUrl;
  }

  /** Resolves once it has come back by itself. */
  async killDatabase(): Promise<void> {
    const before = await this.databaseStartedAt();
    process.kill(await this.cluster.postmasterPid(), 'SIGKILL');
    await eventually(async () => ((await this.databaseStartedAt()) === before ? null : true));
  }

  /** Asks the database as its superuser. */
  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.database.adminUrl });
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** Number of the first line of what was signed that does not fit; null where all do. */
  async firstBadSignedLine(): Promise<number | null> {
    return (await readSigningLog(join(this.signerState, 'signer', SIGNING_LOG))).firstBadLine;
  }

  async remove(): Promise<void> {
    const programs = [this.jobs, ...this.replicas.map((replica) => replica.process), this.signer];
    for (const program of programs) await program?.remove();
    await this.proxy?.stop();
    await this.redis?.remove();
    await this.cluster?.remove();
    await rm(this.directory, { recursive: true, force: true });
  }

  private get stateDir(): string {
    return join(this.directory, 'state');
  }

  private get signerState(): string {
    return join(this.directory, 'signer-state');
  }

  private databaseStartedAt(): Promise<number> {
    return eventually(async () => {
      const text = 'select pg_postmaster_start_time() as at';
      const [row] = await this.sql<{ at: Date }>(text).catch(() => []); // it is away
      return row?.at.getTime() ?? null;
    });
  }

  private async open({ redis, numbers }: { redis: boolean; numbers: Numbers }): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'pilothouse-replicas-'));
    this.cluster = await durableTestCluster();
    this.database = await this.cluster.createDatabase();
    if (redis) this.redis = await RedisServer.start();
    await this.install();
    const addresses = [];
    for (let number = 0; number < REPLICAS; number += 1) addresses.push(`127.0.0.1:${await freePort()}`);
    const origins = addresses.map((address) => `http://${address}`);
    this.proxy = await FaultyProxy.start(origins, numbers);
    this.signer = this.program(['signer', 'run'], { PILOTHOUSE_STATE_DIR: this.signerState });
    for (const address of addresses) {
      const replica = await this.startReplica(address);
      this.token ||= await this.setUp(replica);
    }
    this.jobs = this.program(['jobs']);
  }

  private async startReplica(address: string): Promise<Replica> {
    const hear = (said: unknown) => this.hear(said as ToParent);
    const replica = new Replica(`http://${address}`, this.program(['api'], { PILOTHOUSE_LISTEN: address }, hear));
    this.replicas.push(replica);
    await eventually(async () => ((await replica.isWell()) ? true : null));
    return replica;
  }

  private async setUp(replica: Replica): Promise<string> {
    const code = await eventually(async () => this.setUpCode);
    return replica.stepUp(await replica.completeSetup(code));
  }

  /** What the first start of an installation does, and what an operator does who gives the signer a place of its own. */
  private async install(): Promise<void> {
    const { stateDir, signerState, database } = this;
    for (const directory of [stateDir, signerState]) await mkdir(directory, { mode: 0o700 });
    await ensureInstallation({ stateDir, adminUrl: database.adminUrl });
    await rename(join(stateDir, 'signer'), join(signerState, 'signer'));
    const { ph_signer, ...others } = database.rolePasswords;
    for (const [directory, passwords] of [
      [stateDir, others],
      [signerState, { ph_signer }],
    ] as const) {
      await writeFile(join(directory, 'database-roles.json'), JSON.stringify(passwords), { mode: 0o600 });
    }
  }

  private program(
    [name, ...args]: [string, ...string[]],
    more: Readonly<Record<string, string>> = {},
    onMessage?: (message: unknown) => void,
  ): KeptProcess {
    const variables = {
      ...hostVariables(),
      PILOTHOUSE_STATE_DIR: this.stateDir,
      PILOTHOUSE_PUBLIC_URL: this.proxy.url,
      PILOTHOUSE_DATABASE_URL: this.database.adminUrl,
      PILOTHOUSE_SIGNER_SOCKET: join(this.directory, 'signer.sock'),
      PILOTHOUSE_JOBS_PROCESS: 'own',
      ...(this.redis && { PILOTHOUSE_REDIS_URL: this.redis.url }),
      ...more,
    };
    return new KeptProcess({
      args: ['--disable-proto=delete', built(name), ...args],
      variables,
      ...(onMessage && { onMessage }),
    });
  }

  private hear(said: ToParent): void {
    if (said.type === 'setup-code' && said.code !== null) this.setUpCode ??= said.code;
  }
}
