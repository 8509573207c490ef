import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentSessionEntity, CommandEntity, dataSourceOptions } from '@pilothouse/db';
import { TelemetryWriter } from '@pilothouse/db/timeseries';
import { seedServer, seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import {
  fingerprintOf,
  generateSigningKey,
  signKeyset,
  signResult,
  sha256Hex,
  verifyAck,
  type AgentHello,
  type CommandResult,
  type ControlPlaneAck,
  type PublicKeyText,
  type SignedKeyset,
  type SigningKey,
} from '@pilothouse/protocol';
import { buildSchema } from 'graphql';
import { makeServer } from 'graphql-ws';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../../../kernel/database/index.js';
import { InProcessEventBus } from '../../../kernel/event-bus.js';
import { LiveSockets } from '../../../kernel/live-sockets.js';
import { createLogger } from '../../../kernel/log.js';
import { hashToken, randomToken } from '../../../kernel/random-token.js';
import { makeContext, type WorkspaceContext } from '../../../kernel/request-context.js';
import { Revocations } from '../../../kernel/revocations.js';
import { SealingKey } from '../../../kernel/sealing.js';
import { InProcessSigner } from '../../../signer/index.js';
import { FeatureHarness } from '../../../testing/feature-harness.js';
import { generousRateLimits } from '../../../testing/generous-rate-limits.js';
import { createHttpServer } from '../../../transport/http-server.js';
import { AllowedOrigins } from '../../../transport/origins.js';
import { createCommandTemplatesFeature } from '../../command-templates/index.js';
import { createCommandsFeature } from '../../commands/index.js';
import { createMetricsFeature } from '../../metrics/index.js';
import { createServersFeature } from '../../servers/index.js';
import { createServerGroupsFeature } from '../../server-groups/index.js';
import { createAgentsFeature, type SpokenProtocol } from '../index.js';
import { AgentClient, helloOf, type HelloFields, type Identity } from '../../../testing/agent-client.js';

export const AUDIENCE = 'https://pilothouse.example.test';

export type Replica = Awaited<ReturnType<GatewayHarness['replica']>>;

export interface ReplicaOptions {
  silenceTimeoutMs?: number;
  protocol?: SpokenProtocol;
  limits?: Parameters<typeof generousRateLimits>[0];
}

export interface Connected {
  client: AgentClient;
  hello: AgentHello;
  ack: ControlPlaneAck;
}

/** The agent gateway behind a real HTTP server, as often as wanted on one real database. */
export class GatewayHarness extends FeatureHarness {
  readonly identityKey = generateSigningKey();
  readonly commandKey: SigningKey = generateSigningKey();
  private readonly rootKey = generateSigningKey();
  readonly rootFingerprint = fingerprintOf(this.rootKey.publicKey);
  private readonly sealingKey = randomBytes(32);
  private readonly replicas: { stop(): Promise<void> }[] = [];
  private readonly clients: AgentClient[] = [];
  main!: Replica;

  static override async start(): Promise<GatewayHarness> {
    const harness = Object.assign(new GatewayHarness(), await FeatureHarness.start());
    harness.main = await harness.replica();
    return harness;
  }

  /** One api process as agents know it, with a bus of its own. */
  async replica({ silenceTimeoutMs, protocol, limits }: ReplicaOptions = {}) {
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-gateway-'));
    const options = { url: this.db.appUrl, applicationName: 'pilothouse gateway tests', poolSize: 8 };
    const dataSource = await new DataSource(dataSourceOptions(options)).initialize();
    const pools = [this.db.signerUrl, this.db.telemetryWriterUrl].map(
      (connectionString) => new Pool({ connectionString, max: 2 }),
    ) as [Pool, Pool];
    const [signerPool, telemetryPool] = pools;
    const log = createLogger('silent');
    const bus = new InProcessEventBus();
    const database = new Database(dataSource, bus);
    const revocations = new Revocations({ database, bus, log });
    await revocations.start();
    const sockets = new LiveSockets(revocations);
    const signer = await InProcessSigner.open({ key: this.commandKey, pool: signerPool, directory });
    const kernel = { database, bus, log, sealing: new SealingKey(this.sealingKey) };
    const groups = createServerGroupsFeature(kernel);
    const servers = createServersFeature({ ...kernel, groups: groups.directory });
    const commands = createCommandsFeature({
      ...kernel,
      signer,
      targets: servers.targets,
      templates: createCommandTemplatesFeature(kernel).directory,
      alarm: servers.alerts,
      commandKeys: () => Promise.resolve([this.commandKey]),
    });
    const { gateway, keeper } = await createAgentsFeature({
      ...kernel,
      sockets,
      rateLimits: generousRateLimits(limits),
      controlPlane: this.controlPlane(),
      deliveries: commands.deliveries,
      standing: commands.standing,
      reports: commands.reports,
      telemetry: createMetricsFeature({ ...kernel, writer: new TelemetryWriter(telemetryPool) }).ingest,
      hosts: servers.facts,
      replicaId: randomUUID(),
      isTrustworthy: () => revocations.isTrustworthy,
      ...(silenceTimeoutMs !== undefined && { silenceTimeoutMs }),
      ...(protocol && { protocol }),
    });
    keeper.start();
    const nothing = (_request: unknown, response: { status(code: number): { end(): void } }) =>
      response.status(404).end();
    const server = createHttpServer({
      graphqlHttp: nothing,
      graphqlSocket: makeServer({ schema: buildSchema('type Query { nothing: Int }') }),
      agentEntrances: nothing,
      releases: nothing,
      agentGateway: gateway,
      explorer: null,
      fallback: nothing,
      healthRoutes: nothing,
      origins: new AllowedOrigins(AUDIENCE),
      sockets,
      log,
      tls: null,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const stop = async () => {
      gateway.stop();
      keeper.stop();
      revocations.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all([dataSource.destroy(), ...pools.map((pool) => pool.end()), signer.close()]);
      await rm(directory, { recursive: true });
    };
    const replica = {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...{ bus, database, keeper, sockets, revocations, commands, dataSource, stop },
    };
    this.replicas.push(replica);
    return replica;
  }

  workspace(): Promise<SeededWorkspace> {
    return seedWorkspace(this.db);
  }

  /** A member with a real session. */
  async member({ workspaceId }: SeededWorkspace): Promise<WorkspaceContext> {
    const [userId, credential] = [uuidv7(), randomToken()];
    await this.sql(
      `with person as (insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
                       values ($1, $2, 'Member', 'none', now(), now()) returning id),
            member as (insert into memberships (workspace_id, user_id, role, created_at) select $3, id, 'OPERATOR', now() from person)
       insert into sessions (id, user_id, token_hash, client, second_factor, created_at, last_used_at, expires_at, address, user_agent)
       select uuidv7(), id, $4, 'CLI', false, now(), now(), now() + interval '1 day', '', '' from person`,
      [userId, `${userId}@example.test`, workspaceId, hashToken(credential)],
    );
    return makeContext({ ...this.as({ workspaceId, userId }, 'OPERATOR'), credential }) as WorkspaceContext;
  }

  /** An enrolled server that has never connected. */
  async identity(workspace: SeededWorkspace): Promise<Identity> {
    const key = generateSigningKey();
    return { ...(await this.enrolled(workspace, key.publicKey)), key };
  }

  /** As `identity`, where the host made the key. */
  async enrolled({ workspaceId }: SeededWorkspace, publicKey: PublicKeyText): Promise<Omit<Identity, 'key'>> {
    const agentId = uuidv7();
    const { serverId } = await seedServer(this.db, workspaceId, { identity: { agentId, publicKey } });
    return { serverId, workspaceId, agentId };
  }

  async open(replica = this.main): Promise<AgentClient> {
    const client = await AgentClient.open(replica.url);
    this.clients.push(client);
    return client;
  }

  hello(identity: Identity, client: AgentClient, fields: Partial<HelloFields> = {}, key?: SigningKey): AgentHello {
    const expected = { challenge: client.challenge, controlPlaneKeyId: this.identityKey.keyId, audience: AUDIENCE };
    return helloOf(identity, { ...expected, ...fields }, key);
  }

  /** A connection whose handshake has succeeded on both sides. */
  async connect(
    identity: Identity,
    { replica = this.main, ...fields }: Partial<HelloFields> & { replica?: Replica } = {},
  ) {
    const client = await this.open(replica);
    const hello = this.hello(identity, client, fields);
    const ack = await client.shake(hello);
    if (!ack) throw new Error(`The handshake was refused: ${(await client.closed).code}`);
    if (!verifyAck(ack, hello, this.identityKey.publicKey)) throw new Error('The answer is not genuine');
    return { client, hello, ack };
  }

  async session(serverId: string): Promise<AgentSessionEntity> {
    return this.admin.manager.findOneByOrFail(AgentSessionEntity, { serverId });
  }

  async command(id: string): Promise<CommandEntity> {
    return this.admin.manager.findOneByOrFail(CommandEntity, { id });
  }

  /** Queues a command by the api of a replica. */
  async queue(ctx: WorkspaceContext, { serverId }: Identity, replica = this.main): Promise<CommandEntity> {
    const result = await replica.commands.commands.run(ctx, {
      serverId,
      command: { argv: ['true'] },
      whenOffline: 'DELIVER',
    });
    if (!('state' in result)) throw new Error(`Refused: ${result.message}`);
    return result;
  }

  result(
    { key, agentId }: Identity,
    command: Pick<CommandEntity, 'id' | 'envelopeDigest'>,
    fields: Partial<CommandResult> = {},
  ) {
    const now = new Date().toISOString();
    const empty = { bytes: 0, sha256: sha256Hex('') };
    const { bytes, signature } = signResult(key, agentId, {
      version: 1,
      commandId: command.id,
      envelopeDigest: command.envelopeDigest,
      state: 'SUCCEEDED',
      exitCode: 0,
      signal: null,
      reason: null,
      outcome: 'KNOWN',
      startedAt: now,
      finishedAt: now,
      durationMs: 1,
      lastOutputSeq: 0,
      stdout: empty,
      stderr: empty,
      ...fields,
    });
    return { result: { statement: bytes.toString('base64'), signature: signature.toString('base64') } };
  }

  override async stop(): Promise<void> {
    for (const { socket } of this.clients) socket.terminate();
    for (const replica of this.replicas) await replica.stop();
    await super.stop();
  }

  /** As the root key signed it. */
  keyset(): SignedKeyset {
    const publicPart = ({ keyId, publicKey }: SigningKey) => ({ keyId, publicKey });
    return signKeyset(this.rootKey, {
      version: 1,
      issuedAt: new Date().toISOString(),
      controlPlane: [publicPart(this.identityKey)],
      command: [publicPart(this.commandKey)],
    });
  }

  private controlPlane() {
    const signed = this.keyset();
    return {
      identityKey: this.identityKey,
      audiences: [AUDIENCE],
      keyset: () => Promise.resolve({ version: 1, signed }),
      keysetVersion: () => Promise.resolve(1),
      latestAnchor: () => Promise.resolve(null),
    };
  }
}
