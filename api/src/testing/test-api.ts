import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import { Client } from 'pg';
import { createLogger } from '../kernel/log.js';
import { createControlPlane, type ControlPlane } from '../main/composition/control-plane.js';
import { ensureInstallation, readCommandKey, readKeys, signerDirectory } from '../main/installation/installation.js';
import { redisPlace } from '../main/composition/open-event-bus.js';
import type { SignerPlace } from '../main/composition/open-signer.js';
import type { RateLimit } from '../kernel/rate-limits.js';
import { ApiClient } from './api-client.js';
import { freePort } from './free-port.js';
import { generousRateLimits } from './generous-rate-limits.js';

export interface TestApiOptions {
  /** Another replica on this database and with these keys, instead of a database of its own. */
  replicaOf?: TestApi;
  /** Serve the page to try the API with. */
  explorer?: boolean;
  limits?: Partial<Record<RateLimit, { points: number; seconds: number }>>;
  /** The Redis that wakes other replicas; none if not given. */
  redisUrl?: string;
  /** Opens `/metrics`. */
  figuresToken?: string;
  /** The address that people are told, where it is not that of this replica. */
  publicOrigin?: string;
  /** Reverse proxies that are believed whom they ask for. */
  trustedProxies?: readonly string[];
  /** Where instructions are signed, instead of in this process. */
  signer?: SignerPlace;
}

/** The whole api, as it is composed in production, on a free port and a database of its own. */
export class TestApi extends ApiClient {
  readonly logged: string[] = [];
  db!: TestDatabase;
  stateDir!: string;
  controlPlane!: ControlPlane;
  private ownsDatabase = true;
  private admin!: Client;

  static async start(options: TestApiOptions = {}): Promise<TestApi> {
    const api = new TestApi();
    await api.open(options);
    return api;
  }

  /** Makes the owner as a person would. @returns the owner's session token. */
  async setUp(email = 'owner@example.test'): Promise<{ token: string; workspaceId: string }> {
    const code = await this.controlPlane.features.people.setUp.offerCode();
    if (code === null) throw new Error('Set-up is complete already');
    const token = await this.completeSetup(code, email);
    const [row] = await this.sql<{ id: string }>('select id from workspaces');
    return { token, workspaceId: row!.id };
  }

  /** Runs SQL as superuser. */
  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.admin.query(text, values)).rows as Row[];
  }

  async stop(): Promise<void> {
    await this.controlPlane.stop();
    await this.admin.end();
    if (!this.ownsDatabase) return;
    await this.db.drop();
    await rm(this.stateDir, { recursive: true, force: true });
  }

  private async open({
    replicaOf,
    explorer = false,
    limits = {},
    signer,
    redisUrl,
    figuresToken,
    publicOrigin,
    trustedProxies = [],
  }: TestApiOptions): Promise<void> {
    this.ownsDatabase = !replicaOf;
    this.db = replicaOf?.db ?? (await createTestDatabase());
    this.stateDir = replicaOf?.stateDir ?? (await mkdtemp(join(tmpdir(), 'pilothouse-api-')));
    if (!replicaOf) await ensureInstallation({ stateDir: this.stateDir, adminUrl: this.db.adminUrl });
    this.admin = new Client({ connectionString: this.db.adminUrl });
    await this.admin.connect();
    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    const stateDir = await this.replicaStateDir(replicaOf);
    const keys = await readKeys(this.stateDir);
    this.controlPlane = await createControlPlane({
      stateDir,
      urls: { app: this.db.appUrl, telemetryWriter: this.db.telemetryWriterUrl },
      signer: signer ?? (await this.ownSigner(stateDir)),
      redis: redisPlace(redisUrl ?? null, keys.rootFingerprint),
      keys,
      log: createLogger('debug', { write: (line: string) => void this.logged.push(line) }),
      publicOrigins: [publicOrigin ?? this.origin, ...(replicaOf ? [replicaOf.origin] : [])],
      explorer,
      ...(figuresToken !== undefined && { figuresToken }),
      trustedProxies,
      fallback: (_request, response) => void response.status(404).end(),
      rateLimits: generousRateLimits(limits),
    });
    await this.controlPlane.start();
    await new Promise<void>((resolve) => this.controlPlane.server.listen(port, '127.0.0.1', resolve));
  }

  private async ownSigner(stateDir: string): Promise<SignerPlace> {
    const directory = signerDirectory(stateDir);
    return { key: await readCommandKey(this.stateDir), databaseUrl: this.db.signerUrl, directory };
  }

  /** A second replica has a signing log of its own. */
  private async replicaStateDir(replicaOf: TestApi | undefined): Promise<string> {
    if (!replicaOf) return this.stateDir;
    const directory = join(this.stateDir, `replica-${randomBytes(4).toString('hex')}`);
    await mkdir(join(directory, 'signer'), { recursive: true });
    return directory;
  }
}
