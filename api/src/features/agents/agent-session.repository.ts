import { AgentSessionEntity } from '@pilothouse/db';
import { v7 as uuidv7 } from 'uuid';
import { queryPrepared, type Database, type Transaction } from '../../kernel/database/index.js';

/** An identity as the handshake needs it, before a workspace is known. */
export interface KnownAgent {
  agentId: string;
  serverId: string;
  workspaceId: string;
  publicKey: string;
  /** Announced and not yet used; null where there is none, or its time is over. */
  nextPublicKey: string | null;
  /** Whether somebody waits for another key. */
  rotationAsked: boolean;
  generation: number;
  revoked: boolean;
}

export interface Epoch {
  generation: number;
  counter: number;
}

export interface NewConnection {
  serverId: string;
  workspaceId: string;
  generation: number;
  instanceId: string;
  replicaId: string;
  bootId: string;
  agentVersion: string;
  protocolVersion: number;
  address: string;
  at: Date;
}

/** A session as the next handshake finds it. */
export interface SessionBefore {
  counter: number;
  instanceId: string | null;
  disconnectedAt: Date | null;
  displacedInstanceId: string | null;
}

/** Frames seen on one connection since the last note. */
export interface SeenFrames {
  serverId: string;
  counter: number;
  at: Date;
  latencyMs: number | null;
}

export class AgentSessionRepository {
  constructor(private readonly database: Database) {}

  async findAgent(agentId: string): Promise<KnownAgent | null> {
    const rows = await this.database.lookUp<KnownAgent>(
      `select agent_id as "agentId", server_id as "serverId", workspace_id as "workspaceId", public_key as "publicKey",
              next_public_key as "nextPublicKey", rotation_asked as "rotationAsked", generation, revoked from agent_by_id($1)`,
      [agentId],
    );
    return rows[0] ?? null;
  }

  async spendChallenge(agentId: string, challengeHash: Buffer): Promise<boolean> {
    const rows = await this.database.lookUp<{ spent: boolean | null }>(
      'select spend_agent_challenge($1, $2) as spent',
      [agentId, challengeHash],
    );
    return rows[0]?.spent === true;
  }

  /**
   * Locks the server's row, which comes before its identity, its session and its commands wherever several of them are
   * locked: two transactions never wait for each other.
   */
  async lockServer(tx: Transaction, serverId: string): Promise<void> {
    await queryPrepared(tx.manager, 'select from servers where id = $1 for no key update', [serverId]);
  }

  /** As `lockServer`, where this instance was displaced last. @returns whether it was. */
  async lockServerOfDisplaced(tx: Transaction, serverId: string, instanceId: string): Promise<boolean> {
    const rows = await queryPrepared(
      tx.manager,
      `select s.id from servers s join agent_sessions a on a.server_id = s.id
        where s.id = $1 and a.displaced_instance_id = $2 for no key update of s`,
      [serverId, instanceId],
    );
    return rows.length > 0;
  }

  /**
   * The session's row, locked; made where the server has never connected, so that two first connections take turns like
   * any others.
   */
  async lockForHandshake(
    tx: Transaction,
    { serverId, workspaceId, generation }: { serverId: string; workspaceId: string; generation: number },
  ): Promise<SessionBefore> {
    const before = await this.lockBefore(tx, serverId);
    if (before) return before;
    await tx.manager.query(
      `insert into agent_sessions (server_id, workspace_id, generation, counter) values ($1, $2, $3, 0)
        on conflict do nothing`,
      [serverId, workspaceId, generation],
    );
    const made = await this.lockBefore(tx, serverId);
    if (!made) throw new Error('An agent session vanished inside its own transaction');
    return made;
  }

  /**
   * Whether an identity is still admitted by this key. Asked behind `lockForHandshake`, it sees what a handshake before
   * has made of the key; where there was none, there is no other key.
   */
  async isAdmitted(
    tx: Transaction,
    { agentId, publicKey, generation }: Pick<KnownAgent, 'agentId' | 'publicKey' | 'generation'>,
  ): Promise<boolean> {
    const rows = await queryPrepared(
      tx.manager,
      'select from agent_by_id($1) where public_key = $2 and generation = $3 and not revoked',
      [agentId, publicKey, generation],
    );
    return rows.length > 0;
  }

  /** Raises the epoch: from now on nothing of an older connection is accepted. */
  async open(
    tx: Transaction,
    connection: NewConnection,
    fields: { counter: number; displacedInstanceId: string | null },
  ): Promise<void> {
    await queryPrepared(
      tx.manager,
      `with opened as (
         update agent_sessions set generation = $3, counter = $4, instance_id = $5, replica_id = $6, boot_id = $7,
                agent_version = $8, protocol_version = $9, address = $10, connected_at = $11, last_frame_at = $11,
                disconnected_at = null, disconnect_reason = null, displaced_instance_id = $12
          where server_id = $2)
       insert into agent_connections (id, workspace_id, server_id, generation, counter, address, agent_version, connected_at)
       values ($13, $1, $2, $3, $4, $10, $8, $11)`,
      [
        connection.workspaceId,
        connection.serverId,
        connection.generation,
        fields.counter,
        connection.instanceId,
        connection.replicaId,
        connection.bootId,
        connection.agentVersion,
        connection.protocolVersion,
        connection.address,
        connection.at,
        fields.displacedInstanceId,
        uuidv7(),
      ],
    );
  }

  /** The server's running commands are within reach again. @returns those that were not. */
  markReachable(tx: Transaction, serverId: string): Promise<string[]> {
    return this.setUnreachable(tx, serverId, null);
  }

  /** Nothing is heard of the server's running commands from now on. @returns them. */
  markUnreachable(tx: Transaction, serverId: string, since: Date): Promise<string[]> {
    return this.setUnreachable(tx, serverId, since);
  }

  /** Whether this epoch is still the current one; if so it stays so until the transaction ends. */
  async hold(tx: Transaction, serverId: string, epoch: Epoch): Promise<boolean> {
    return (await this.holdAll(tx, [{ serverId, epoch }])).has(serverId);
  }

  /** The servers whose epoch is still the current one; of these it stays so until the transaction ends. */
  async holdAll(tx: Transaction, epochs: readonly { serverId: string; epoch: Epoch }[]): Promise<Set<string>> {
    const rows = await queryPrepared<{ server_id: string }>(
      tx.manager,
      'select server_id from agent_session_hold($1, $2, $3)',
      [
        epochs.map(({ serverId }) => serverId),
        epochs.map(({ epoch }) => epoch.generation),
        epochs.map(({ epoch }) => epoch.counter),
      ],
    );
    return new Set(rows.map((row) => row.server_id));
  }

  /** Which of these are commands or instructions of this server. */
  async ownDeliveries(tx: Transaction, serverId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await queryPrepared<{ id: string }>(
      tx.manager,
      `select id from commands where server_id = $1 and id = any($2::uuid[])
        union all select id from instructions where server_id = $1 and id = any($2::uuid[])`,
      [serverId, ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Ends a connection if it is still the current one. @returns whether it was. */
  async close(
    tx: Transaction,
    serverId: string,
    { counter, reason, at }: { counter: number; reason: string; at: Date },
  ): Promise<boolean> {
    const session = await tx.manager.update(
      AgentSessionEntity,
      { serverId, counter },
      { disconnectedAt: at, disconnectReason: reason },
    );
    await this.noteEnd(tx, serverId, { counter, reason, at });
    return Boolean(session.affected);
  }

  /** Ends the current connection if no frame has come on it since then; not the one with the number `except`. @returns whether it was ended. */
  async closeSilent(
    tx: Transaction,
    serverId: string,
    { since, except, reason, at }: { since: Date; except: number | null; reason: string; at: Date },
  ): Promise<boolean> {
    const rows = await queryPrepared<{ counter: number }>(
      tx.manager,
      `update agent_sessions set disconnected_at = $4, disconnect_reason = $5
        where server_id = $1 and disconnected_at is null and last_frame_at < $2 and counter is distinct from $3
        returning counter`,
      [serverId, since, except, at, reason],
    );
    const [ended] = rows;
    if (ended) await this.noteEnd(tx, serverId, { counter: ended.counter, reason, at });
    return Boolean(ended);
  }

  private async noteEnd(
    tx: Transaction,
    serverId: string,
    { counter, reason, at }: { counter: number; reason: string; at: Date },
  ): Promise<void> {
    await tx.manager.query(
      `update agent_connections set disconnected_at = $3, disconnect_reason = $4
        where server_id = $1 and counter = $2 and disconnected_at is null`,
      [serverId, counter, at, reason],
    );
  }

  async holdQueue(tx: Transaction, serverId: string): Promise<void> {
    await tx.manager.query('update servers set queue_held = true where id = $1', [serverId]);
  }

  /** Notes the frames of all connections of this replica. @returns the servers whose connection here is still current. */
  async touch(seen: readonly SeenFrames[]): Promise<Set<string>> {
    const rows = await this.database.lookUp<{ server_id: string }>(
      'select server_id from touch_agent_sessions($1, $2, $3, $4) as server_id',
      [seen.map((s) => s.serverId), seen.map((s) => s.counter), seen.map((s) => s.at), seen.map((s) => s.latencyMs)],
    );
    return new Set(rows.map((row) => row.server_id));
  }

  /** Whether this connection is still the server's, be it noted as open or as ended. */
  async isCurrent(tx: Transaction, serverId: string, { counter }: { counter: number }): Promise<boolean> {
    return tx.manager.existsBy(AgentSessionEntity, { serverId, counter });
  }

  /** Servers, of those given, that have something to be sent. */
  async findDue(
    connections: readonly { serverId: string; counter: number }[],
    { at, sentBefore }: { at: Date; sentBefore: Date },
  ): Promise<string[]> {
    const rows = await this.database.lookUp<{ server_id: string }>(
      'select server_id from servers_with_due_instructions($1, $2, $3, $4) as server_id',
      [connections.map((c) => c.serverId), connections.map((c) => c.counter), at, sentBefore],
    );
    return rows.map((row) => row.server_id);
  }

  /** Sessions that look connected but on which no frame has arrived since the given time, on any replica. */
  findSilent(since: Date): Promise<{ workspaceId: string; serverId: string }[]> {
    return this.database.lookUp(
      'select workspace_id as "workspaceId", server_id as "serverId" from silent_agent_sessions($1)',
      [since],
    );
  }

  private async lockBefore(tx: Transaction, serverId: string): Promise<SessionBefore | null> {
    const rows = await queryPrepared<SessionBefore>(
      tx.manager,
      `select counter, instance_id as "instanceId", disconnected_at as "disconnectedAt",
              displaced_instance_id as "displacedInstanceId"
         from agent_sessions where server_id = $1 for update`,
      [serverId],
    );
    return rows[0] ?? null;
  }

  private async setUnreachable(tx: Transaction, serverId: string, since: Date | null): Promise<string[]> {
    const rows = await queryPrepared<{ id: string }>(
      tx.manager,
      `with locked as (
         select id from commands
          where server_id = $1 and state = 'RUNNING' and (unreachable_since is null) <> ($2::timestamptz is null)
          order by id for no key update)
       update commands c set unreachable_since = $2, revision = revision + 1 from locked l where c.id = l.id returning c.id`,
      [serverId, since],
    );
    return rows.map(({ id }) => id);
  }
}
