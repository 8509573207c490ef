import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { readIfExists, replaceFile } from '../kernel/small-files.js';
import type { Binaries } from './binaries.js';
import { ADMIN_ROLE } from './cluster.js';
import { holdCluster } from './control-plane-session.js';
import { EmbeddedPostgresError, orNotWritable } from './embedded-postgres.error.js';
import type { EmbeddedPostgres } from './embedded-postgres.types.js';
import { launchServer, START_LIMIT_MS, stopServer } from './launch.js';
import type { Placement } from './placement.js';
import { FIRST_PORT, freePort } from './port.js';
import { inspectServer, pollUntil } from './server-process.js';
import { ACCESS_RULES, accessRulesPath, renderSettings, settingsPath } from './settings.js';

export interface SupervisorOptions {
  placement: Placement;
  binaries: Binaries;
  password: string;
  durable: boolean;
  wantedPort: number | undefined;
  log: (line: string) => void;
}

const DATABASE = 'pilothouse';

/** Each time another starter may be faster, or the server found may end. */
const ATTEMPTS = 5;

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/** Keeps the server of one cluster running, and holds the cluster against other control planes. */
export class Supervisor implements EmbeddedPostgres {
  port = 0;
  adopted = false;
  private session: Client | undefined;
  private recovery: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private readonly giveUp = new AbortController();

  constructor(private readonly options: SupervisorOptions) {}

  get adminUrl(): string {
    return this.url(DATABASE);
  }

  get dataDir(): string {
    return this.options.placement.dataDir;
  }

  private get portPath(): string {
    return join(this.options.placement.home, 'port');
  }

  async start(): Promise<void> {
    const { placement, log } = this.options;
    this.adopted = (await this.bringUp()) === 'found';
    if (this.adopted && (await this.isOutdated())) {
      log('Restarting the PostgreSQL that an earlier version left running');
      await this.release();
      await stopServer(placement, log);
      this.adopted = (await this.bringUp()) === 'found';
    }
    if (this.adopted) log('Adopted the PostgreSQL that an earlier control plane left running');
    await this.ensureDatabase();
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    this.giveUp.abort();
    await this.recovery;
    await this.release();
    await stopServer(this.options.placement, this.options.log);
  }

  private async bringUp(): Promise<'found' | 'launched'> {
    const { placement } = this.options;
    const isSettled = async () => {
      const state = await inspectServer(placement);
      return state.kind !== 'running' || state.phase === 'ready';
    };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      await pollUntil(START_LIMIT_MS, isSettled);
      const state = await inspectServer(placement);
      if (state.kind === 'running') {
        this.port = state.port;
        await this.hold();
        return 'found';
      }
      if (await this.launch()) {
        await this.holdLaunched();
        await replaceFile(this.portPath, `${this.port}\n`, 0o644);
        return 'launched';
      }
    }
    throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL takes ${this.dataDir} for used, but nothing uses it`);
  }

  /** False when another process was faster: look again at what runs. */
  private async launch(): Promise<boolean> {
    const { placement, binaries, wantedPort, log } = this.options;
    const kept = Number(await readIfExists(this.portPath)) || undefined;
    const preferred = wantedPort ?? kept ?? FIRST_PORT;
    await orNotWritable(placement.home, () => this.writeSettings());
    for (let from = preferred; ; from = this.port + 1) {
      this.port = await freePort(from);
      const outcome = await launchServer({ placement, program: binaries.postgres, port: this.port });
      if (outcome === 'already-running') return false;
      if (outcome === 'ready') break;
    }
    if (this.port !== preferred && (wantedPort ?? kept) !== undefined) {
      log(`Port ${preferred} is taken: PostgreSQL listens on ${this.port}`);
    }
    return true;
  }

  private async writeSettings(): Promise<void> {
    const { home } = this.options.placement;
    await replaceFile(accessRulesPath(home), ACCESS_RULES, 0o644);
    await replaceFile(settingsPath(home), this.settings(), 0o644);
  }

  private settings(): string {
    const { placement, durable } = this.options;
    return renderSettings({ ...placement, durable });
  }

  /** An adopted server that was started by another version of Pilothouse, or of PostgreSQL, is started anew. */
  private async isOutdated(): Promise<boolean> {
    const { placement, binaries } = this.options;
    const state = await inspectServer(placement);
    const sameProgram = state.kind === 'running' && state.program === binaries.postgres;
    return !sameProgram || (await readFile(settingsPath(placement.home), 'utf8')) !== this.settings();
  }

  private async hold(): Promise<void> {
    const session = await holdCluster(this.url('postgres'), this.options.placement);
    this.session = session;
    session.once('end', () => {
      if (this.session === session) this.recovery = this.recover();
    });
  }

  /** A server that was started in vain is not left behind. */
  private async holdLaunched(): Promise<void> {
    try {
      await this.hold();
    } catch (error) {
      const isAnothers = error instanceof EmbeddedPostgresError && error.code === 'ALREADY_IN_USE';
      if (!isAnothers) await stopServer(this.options.placement, this.options.log);
      throw error;
    }
  }

  private async release(): Promise<void> {
    const session = this.session;
    this.session = undefined;
    await session?.end();
  }

  private async recover(): Promise<void> {
    const { log } = this.options;
    log('Lost PostgreSQL: bringing it back');
    for (let pauseMs = FIRST_RETRY_MS; !this.giveUp.signal.aborted; pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS)) {
      try {
        await this.bringUp();
        log(`PostgreSQL is back on port ${this.port}`);
        return;
      } catch (error) {
        log(`PostgreSQL could not be started: ${(error as Error).message}`);
        await delay(pauseMs, undefined, { signal: this.giveUp.signal }).catch(() => undefined); // aborted by stop()
      }
    }
  }

  private async ensureDatabase(): Promise<void> {
    const found = await this.session?.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found?.rowCount === 0) await this.session?.query(`create database ${DATABASE}`);
  }

  private url(database: string): string {
    return `postgres://${ADMIN_ROLE}:${this.options.password}@127.0.0.1:${this.port}/${database}`;
  }
}
