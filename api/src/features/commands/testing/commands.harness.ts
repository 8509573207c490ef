import { CommandEntity, dataSourceOptions } from '@pilothouse/db';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedServer, seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import {
  generateSigningKey,
  openEnvelope,
  signResult,
  sha256Hex,
  type AgentFrame,
  type CommandResult,
  type Envelope,
  type SigningKey,
} from '@pilothouse/protocol';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { mayOnServer, type Role } from '../../../kernel/authorisation/index.js';
import { Database } from '../../../kernel/database/index.js';
import { InProcessEventBus, type EventBus } from '../../../kernel/event-bus.js';
import { createLogger } from '../../../kernel/log.js';
import { hashToken, randomToken } from '../../../kernel/random-token.js';
import { makeContext, type WorkspaceContext } from '../../../kernel/request-context.js';
import { SealingKey } from '../../../kernel/sealing.js';
import { InProcessSigner } from '../../../signer/index.js';
import { FeatureHarness } from '../../../testing/feature-harness.js';
import { createCommandTemplatesFeature } from '../../command-templates/index.js';
import { createServerGroupsFeature } from '../../server-groups/index.js';
import { createServersFeature } from '../../servers/index.js';
import { createCommandsFeature, type Delivery, type TargetResolver, type TargetServer } from '../index.js';
import type { RunCommandRequest } from '../command.service.js';

const EMPTY_SHA256 = sha256Hex('');

/** A server with an agent that the test plays: it takes deliveries and publishes frames, without a socket. */
export interface PlayedServer {
  serverId: string;
  workspaceId: string;
  agentId: string;
  key: SigningKey;
  generation: number;
  counter: number;
}

/** A second api process on the same database. */
export interface CommandsReplica {
  feature: ReturnType<typeof createCommandsFeature>;
  bus: InProcessEventBus;
  database: Database;
  stop(): Promise<void>;
}

const serversOf = (kernel: { database: Database; bus: EventBus }) =>
  createServersFeature({ ...kernel, groups: createServerGroupsFeature(kernel).directory });

/** The commands feature on a real database with a real signer. */
export class CommandsHarness extends FeatureHarness {
  readonly commandKey = generateSigningKey();
  readonly commandKeys = () => Promise.resolve([this.commandKey]);
  readonly sealing = new SealingKey(randomBytes(32));
  signer!: InProcessSigner;
  feature!: ReturnType<typeof createCommandsFeature>;
  private pool!: Pool;
  private directory!: string;

  static override async start(): Promise<CommandsHarness> {
    const harness = Object.assign(new CommandsHarness(), await FeatureHarness.start());
    harness.directory = await mkdtemp(join(tmpdir(), 'pilothouse-signer-'));
    harness.pool = new Pool({ connectionString: harness.db.signerUrl, max: 4 });
    harness.signer = await InProcessSigner.open({
      key: harness.commandKey,
      pool: harness.pool,
      directory: harness.directory,
    });
    const templates = createCommandTemplatesFeature(harness);
    const servers = serversOf(harness);
    harness.feature = createCommandsFeature({
      database: harness.database,
      bus: harness.bus,
      log: createLogger('error'),
      sealing: harness.sealing,
      signer: harness.signer,
      // What is signed is tested here, not how fast: a busy machine may take its time.
      signerDeadlineMs: 10_000,
      targets: harness.targets,
      templates: templates.directory,
      alarm: servers.alerts,
      commandKeys: harness.commandKeys,
    });
    await harness.serve([harness.feature, templates, servers].flatMap(({ resolvers }) => resolvers));
    return harness;
  }

  get signerDirectory(): string {
    return this.directory;
  }

  /** A member with a real session, as the signer insists on. */
  async member(workspace: SeededWorkspace, role: Role = 'OPERATOR'): Promise<WorkspaceContext> {
    const userId = uuidv7();
    const credential = randomToken();
    await this.sql(
      `with person as (insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
                       values ($1, $2, 'Member', 'none', now(), now()) returning id),
            member as (insert into memberships (workspace_id, user_id, role, created_at) select $3, id, $4, now() from person)
       insert into sessions (id, user_id, token_hash, client, second_factor, created_at, last_used_at, expires_at, address, user_agent)
       select $5, id, $6, 'CLI', false, now(), now(), now() + interval '1 day', '', '' from person`,
      [userId, `${userId}@example.test`, workspace.workspaceId, role, uuidv7(), hashToken(credential)],
    );
    return makeContext({ ...this.as({ ...workspace, userId }, role), credential }) as WorkspaceContext;
  }

  async workspace(): Promise<SeededWorkspace> {
    return seedWorkspace(this.db);
  }

  async server(workspace: SeededWorkspace, seed: Parameters<typeof seedServer>[2] = {}): Promise<PlayedServer> {
    const key = generateSigningKey();
    const agentId = uuidv7();
    const { serverId } = await seedServer(this.db, workspace.workspaceId, {
      identity: { agentId, publicKey: key.publicKey },
      session: { counter: 1 },
      ...seed,
    });
    return { serverId, workspaceId: workspace.workspaceId, agentId, key, generation: 1, counter: 1 };
  }

  /** Queues a command as this person, on a server that may be offline. @throws when it is refused. */
  async queue(ctx: WorkspaceContext, server: PlayedServer, request: Partial<RunCommandRequest> = {}) {
    const result = await this.feature.commands.run(ctx, {
      serverId: server.serverId,
      command: { argv: ['true'] },
      ...request,
    });
    if (!('state' in result)) throw new Error(`Refused: ${result.message}`);
    return result;
  }

  /** A row like this command's with other columns, without asking the signer for each. @returns its id. */
  async copy(commandId: string, columns: Record<string, unknown> = {}): Promise<string> {
    const id = uuidv7();
    await this.sql(
      `with numbered as (update servers s set command_sequence = command_sequence + 1 from commands c
                          where c.id = $1 and s.id = c.server_id returning command_sequence)
       insert into commands select (jsonb_populate_record(c, jsonb_build_object('id', $2::text, 'idempotency_key', null,
         'sequence', command_sequence) || $3::jsonb)).*
         from commands c, numbered where c.id = $1`,
      [commandId, id, columns],
    );
    return id;
  }

  /** The command's row as it is stored. */
  async row(commandId: string): Promise<CommandEntity> {
    const row = await this.admin.manager.findOneBy(CommandEntity, { id: commandId });
    if (!row) throw new Error('There is no such command');
    return row;
  }

  /** Numbers of the changes of this thing, in order. */
  async changesOf(subjectId: string): Promise<number[]> {
    const rows = await this.sql<{ seq: string }>(
      'select seq from workspace_events where subject_id = $1 order by seq',
      [subjectId],
    );
    return rows.map(({ seq }) => Number(seq));
  }

  /** The feature once more on the same database, with a bus of its own that hears nothing of this one. */
  async replica(): Promise<CommandsReplica> {
    const dataSource = await new DataSource(
      dataSourceOptions({ url: this.db.appUrl, applicationName: 'pilothouse tests', poolSize: 4 }),
    ).initialize();
    const bus = new InProcessEventBus();
    const database = new Database(dataSource, bus);
    const { sealing, signer, targets, commandKeys } = this;
    const templates = createCommandTemplatesFeature({ database, bus, sealing }).directory;
    const alarm = serversOf({ database, bus }).alerts;
    const log = createLogger('error');
    const kernel = { database, bus, log, sealing, signer };
    const feature = createCommandsFeature({ ...kernel, targets, templates, alarm, commandKeys });
    return { feature, bus, database, stop: () => dataSource.destroy() };
  }

  /** What the gateway would send to this agent now. */
  async deliveries(server: PlayedServer, now = new Date()): Promise<Delivery[]> {
    const ctx = this.agentContext(server);
    const taken = await this.database.write(ctx, (tx) => this.feature.deliveries.take(tx, server, now));
    return taken.deliveries;
  }

  /** Opens a delivery as the agent does. @throws when the agent would refuse it. */
  open(server: PlayedServer, delivery: Delivery): Envelope {
    const { keyId, publicKey } = this.commandKey;
    const opened = openEnvelope(delivery.envelope, {
      commandKeys: [{ keyId, publicKey }],
      serverId: server.serverId,
      generation: server.generation,
      now: new Date(),
    });
    if (!opened.ok) throw new Error(`The agent would refuse the envelope: ${opened.problem}`);
    return opened.envelope;
  }

  /** Publishes frames of this agent. @returns the refused ones. */
  publish(server: PlayedServer, frames: readonly AgentFrame[]) {
    const ctx = this.agentContext(server);
    const agent = { agentId: server.agentId, serverId: server.serverId, publicKey: server.key.publicKey };
    return this.database.write(ctx, (tx) =>
      this.feature.reports.apply(ctx, tx, { agent, frames: frames.map((frame, index) => ({ index, frame })) }),
    );
  }

  /** The signed result frame for a delivered command. */
  result(server: PlayedServer, delivery: Delivery, fields: Partial<CommandResult> = {}): AgentFrame {
    const { bytes, signature } = signResult(server.key, server.agentId, {
      version: 1,
      commandId: delivery.id,
      envelopeDigest: sha256Hex(delivery.envelope.bytes),
      state: 'SUCCEEDED',
      exitCode: 0,
      signal: null,
      reason: null,
      outcome: 'KNOWN',
      startedAt: new Date().toISOString(),
      finishedAt: new Date().toISOString(),
      durationMs: 5,
      lastOutputSeq: 0,
      stdout: { bytes: 0, sha256: EMPTY_SHA256 },
      stderr: { bytes: 0, sha256: EMPTY_SHA256 },
      ...fields,
    });
    return { result: { statement: bytes.toString('base64'), signature: signature.toString('base64') } };
  }

  /** Takes everything due and reports each command as ended. */
  async playAll(server: PlayedServer, fields: Partial<CommandResult> = {}): Promise<Delivery[]> {
    const due = await this.deliveries(server);
    for (const delivery of due) {
      await this.publish(server, [{ received: { commandId: delivery.id } }, this.result(server, delivery, fields)]);
    }
    return due;
  }

  override async stop(): Promise<void> {
    await this.signer.close();
    await this.pool.end();
    await rm(this.directory, { recursive: true });
    await super.stop();
  }

  agentContext(server: PlayedServer): WorkspaceContext {
    return makeContext({
      requestId: 'agent',
      actor: { kind: 'AGENT', id: server.agentId, serverId: server.serverId },
      workspaceId: server.workspaceId,
      role: null,
      grants: [],
      address: '',
      userAgent: '',
      credential: null,
    }) as WorkspaceContext;
  }

  /** The rules of the servers feature, read straight from the tables. */
  private readonly targets: TargetResolver = {
    resolve: async (ctx, tx, { target, action }) => {
      const rows: (TargetServer & { pending: boolean })[] = await tx.manager.query(
        `select s.id, s.name, s.scopes, s.revoked_at is not null as revoked, s.enrolled_at is null as pending,
                a.disconnected_at is null and a.connected_at is not null as online,
                coalesce((select array_agg(t.tag) from server_tags t where t.server_id = s.id), '{}') as tags
           from servers s left join agent_sessions a on a.server_id = s.id
          where $1 or s.id = any($2) or exists (select from server_tags t where t.server_id = s.id and t.tag = any($3))`,
        [target.all ?? false, target.serverIds ?? [], target.tags ?? []],
      );
      return rows.filter((row) => mayOnServer(ctx, action, row) && !target.excludeServerIds?.includes(row.id));
    },
  };
}
