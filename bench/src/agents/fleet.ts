import { randomUUID } from 'node:crypto';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { collectFacts } from '@pilothouse/agent';
import { exportSigningKey, fingerprintOf, generateSigningKey, type SignedKeyset } from '@pilothouse/protocol';
import type { Client } from 'pg';
import type { FleetCount, FleetOrder } from './fleet-messages.js';
import type { SimulatedIdentity } from './simulated-agent.js';
import type { CommandWriting } from './simulated-command.js';

/** Built, also for tests, which run from source. */
const PROCESS = fileURLToPath(new URL('../../dist/agents/fleet-process.js', import.meta.url));
const POLL_MS = 100;

export interface FleetOptions {
  origin: string;
  /** A superuser's connection: the identities are laid down as enrolments leave them. */
  admin: Client;
  agents: number;
  writing?: CommandWriting;
}

const SAYS_NOTHING: CommandWriting = { pieceBytes: 0, pieces: 0, everyMs: 0 };

/** Many enrolled agents in one process of their own. They connect all at once. */
export class SimulatedFleet {
  private constructor(
    readonly serverIds: readonly string[],
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {}

  static async start({ origin, admin, agents, writing = SAYS_NOTHING }: FleetOptions): Promise<SimulatedFleet> {
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-fleet-'));
    const keyset = (await (await fetch(`${origin}/agent/keyset`)).json()) as SignedKeyset;
    const keysetFile = join(directory, 'keyset.json');
    await writeFile(keysetFile, JSON.stringify(keyset));
    const identities = await layDown(admin, agents);
    const child = fork(PROCESS, { serialization: 'advanced' });
    const fleet = new SimulatedFleet(
      identities.map(({ serverId }) => serverId),
      child,
      directory,
    );
    const facts = await collectFacts({ agentVersion: '0.1.0' });
    const rootFingerprint = fingerprintOf(keyset.rootPublicKey);
    await fleet.tell({ order: 'start', url: origin, keysetFile, rootFingerprint, facts, writing, agents: identities });
    return fleet;
  }

  count(sinceMs = 0): Promise<FleetCount> {
    return this.tell({ order: 'count', sinceMs });
  }

  /** Waits until so many are connected, since that moment or a later one. @returns when that was, by the monotonic clock. */
  async untilOnline(agents: number, sinceMs = 0): Promise<number> {
    for (;;) {
      if ((await this.count(sinceMs)).online >= agents) return performance.now();
      await delay(POLL_MS);
    }
  }

  /** Makes no more samples, and waits until those made are delivered. */
  async drain(): Promise<FleetCount> {
    await this.tell({ order: 'stop-sampling' });
    for (;;) {
      const count = await this.count();
      if (count.waiting === 0) return count;
      await delay(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
    await rm(this.directory, { recursive: true, force: true });
  }

  /** One order at a time: each is answered by one count. */
  private async tell(order: FleetOrder): Promise<FleetCount> {
    const answered = once(this.child, 'message');
    this.child.send(order);
    const [count] = (await answered) as [FleetCount];
    return count;
  }
}

/** Servers with their identities, in the one workspace there is. */
async function layDown(admin: Client, count: number): Promise<SimulatedIdentity[]> {
  const { rows } = await admin.query<{ id: string }>('select id from workspaces');
  const workspaceId = rows[0]?.id ?? '';
  const keys = Array.from({ length: count }, () => generateSigningKey());
  const identities = keys.map((key) => ({
    agentId: randomUUID(),
    serverId: randomUUID(),
    workspaceId,
    privateKey: exportSigningKey(key),
  }));
  const serverIds = identities.map(({ serverId }) => serverId);
  await admin.query(
    `insert into servers (id, workspace_id, name, profile, scopes, concurrency, created_at, enrolled_at)
     select id, $1, 'simulated-' || n, 'full-access', '{metrics,exec,shell,run-as}', 4, now(), now()
       from unnest($2::uuid[]) with ordinality s (id, n)`,
    [workspaceId, serverIds],
  );
  await admin.query(
    `insert into agent_identities (id, workspace_id, server_id, public_key, created_at)
     select agent, $1, server, key, now() from unnest($2::uuid[], $3::uuid[], $4::text[]) i (agent, server, key)`,
    [workspaceId, identities.map(({ agentId }) => agentId), serverIds, keys.map(({ publicKey }) => publicKey)],
  );
  return identities;
}
