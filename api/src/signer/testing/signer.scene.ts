import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedServer, seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import {
  AUDIT_GENESIS_HASH,
  auditEntryHash,
  generateSigningKey,
  intentDigest,
  type AuditEntryFields,
  type CancelIntent,
  type CommandIntent,
  type Intent,
  type SignedEnvelope,
} from '@pilothouse/protocol';
import { Pool } from 'pg';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { Role, TokenScope } from '../../kernel/authorisation/index.js';
import { hashToken, randomApiToken, randomToken } from '../../kernel/random-token.js';
import { FeatureHarness } from '../../testing/feature-harness.js';
import { systemContext } from '../../kernel/request-context.js';
import {
  InProcessSigner,
  SignerServer,
  SigningRefused,
  SocketSigner,
  type InProcessSignerOptions,
  type OpenSigner,
  type SigningRefusal,
} from '../index.js';
import type { ChainPlace } from '../signer.port.js';

/** How the signer under test is reached. */
export type SignerAdapter = 'in this process' | 'over its socket';

/** Why it was not signed; null when it was. @throws any other error than a refusal */
export async function refusalOf(work: Promise<unknown>): Promise<SigningRefusal | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof SigningRefused) return error.refusal;
    throw error;
  }
}

/** Someone with a credential that the signer can look up. */
export interface Signatory {
  kind: 'USER' | 'API_TOKEN';
  id: string;
  userId: string;
  credential: string;
}

export interface Signing {
  actor: Signatory;
  intents: readonly Intent[];
  audit?: Partial<AuditEntryFields>;
}

/** The signer on a real database, with people, tokens and servers to judge. */
export class SignerScene {
  readonly key = generateSigningKey();
  harness!: FeatureHarness;
  signer!: OpenSigner;
  pool!: Pool;
  directory!: string;
  workspace!: SeededWorkspace;
  now = new Date();

  private constructor(private readonly adapter: SignerAdapter) {}

  static async start(adapter: SignerAdapter = 'in this process'): Promise<SignerScene> {
    const scene = new SignerScene(adapter);
    scene.harness = await FeatureHarness.start();
    scene.workspace = await seedWorkspace(scene.harness.db);
    scene.directory = await mkdtemp(join(tmpdir(), 'pilothouse-signer-'));
    scene.pool = new Pool({ connectionString: scene.harness.db.signerUrl, max: 4 });
    scene.signer = await scene.open();
    return scene;
  }

  async open(options: Partial<InProcessSignerOptions> = {}): Promise<OpenSigner> {
    const { key, pool, directory } = this;
    const signer = await InProcessSigner.open({ key, pool, directory, now: () => this.now, ...options });
    return this.adapter === 'in this process' ? signer : behindSocket(signer, options.directory ?? directory);
  }

  /** The texts of every entry in the signer's own log. */
  async logged(): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(this.directory, 'signing-log.jsonl'), 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async session(role: Role = 'OPERATOR', { workspaceId } = this.workspace): Promise<Signatory> {
    const userId = uuidv7();
    const credential = randomToken();
    await this.harness.sql(
      `with person as (insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
                       values ($1, $2, 'Member', 'none', now(), now()) returning id),
            member as (insert into memberships (workspace_id, user_id, role, created_at) select $3, id, $4, now() from person)
       insert into sessions (id, user_id, token_hash, client, second_factor, created_at, last_used_at, expires_at, address, user_agent)
       select uuidv7(), id, $5, 'CLI', false, now(), now(), now() + interval '1 day', '', '' from person`,
      [userId, `${userId}@example.test`, workspaceId, role, hashToken(credential)],
    );
    return { kind: 'USER', id: userId, userId, credential };
  }

  async token(scopes: readonly TokenScope[], owner?: Signatory): Promise<Signatory> {
    const { userId } = owner ?? (await this.session());
    const id = uuidv7();
    const credential = randomApiToken();
    await this.harness.sql(
      `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
       values ($1, $2, $3, 'token', $4, 'abcd', $5, now())`,
      [id, this.workspace.workspaceId, userId, hashToken(credential), scopes],
    );
    return { kind: 'API_TOKEN', id, userId, credential };
  }

  async server(scopes?: string[], { workspaceId } = this.workspace): Promise<string> {
    const { serverId } = await seedServer(this.harness.db, workspaceId, { ...(scopes && { scopes }) });
    return serverId;
  }

  /** Appends to a workspace's audit chain. @returns the place of the entry. */
  async entry(workspace = this.workspace): Promise<ChainPlace> {
    const { workspaceId } = workspace;
    return this.harness.database.write(systemContext(workspaceId, 'test'), async (tx) => {
      const place: ChainPlace = { workspaceId, sequence: 0, hash: '' };
      tx.audit({ action: 'server-created', target: { kind: 'SERVER', id: workspaceId } });
      tx.afterAudit(async ({ sequence, hash }) => void Object.assign(place, { sequence, hash }));
      return place;
    });
  }

  command(actor: Signatory, serverId: string, fields: Partial<CommandIntent> = {}): CommandIntent {
    return {
      ...this.common(actor, serverId),
      kind: 'command',
      scopes: ['exec'],
      arguments: {
        program: { type: 'argv', argv: ['true'] },
        workingDirectory: null,
        user: null,
        environment: {},
        stdin: null,
        priority: 0,
      },
      limits: { timeoutMs: 1000, concurrency: 1, keptHeadBytes: 0, keptTailBytes: 0 },
      idempotent: false,
      ...fields,
    };
  }

  cancel(actor: Signatory, serverId: string): CancelIntent {
    return { ...this.common(actor, serverId), kind: 'cancel', scopes: [], arguments: { commandId: uuidv7() } };
  }

  /** Asks for signatures with an audit entry that stands for the instructions, unless changed. */
  sign(
    { actor, intents, audit = {} }: Signing,
    signer: Pick<OpenSigner, 'sign'> = this.signer,
  ): Promise<SignedEnvelope[]> {
    const fields = { ...this.auditOf({ actor, intents }), ...audit };
    return signer.sign({
      credential: actor.credential,
      audit: { ...fields, hash: auditEntryHash(fields) },
      intents,
    });
  }

  auditOf({ actor, intents }: Omit<Signing, 'audit'>): AuditEntryFields {
    return {
      chain: this.workspace.workspaceId,
      sequence: 1,
      previousHash: AUDIT_GENESIS_HASH,
      time: this.now.toISOString(),
      actorKind: actor.kind,
      actorId: actor.id,
      action: intents[0]?.kind === 'cancel' ? 'command-cancelled' : 'command-queued',
      targetKind: 'COMMAND',
      targetId: intents[0]?.id ?? '',
      detail: '{}',
      intentDigest: intentDigest(intents),
    };
  }

  async stop(): Promise<void> {
    await this.signer.close();
    await this.pool.end();
    await rm(this.directory, { recursive: true });
    await this.harness.stop();
  }

  private common(actor: Signatory, serverId: string) {
    return {
      version: 1 as const,
      id: uuidv7(),
      serverId,
      workspaceId: this.workspace.workspaceId,
      generation: 1,
      sequence: 1,
      issuedAt: this.now.toISOString(),
      notBefore: this.now.toISOString(),
      expiresAt: new Date(this.now.getTime() + 60_000).toISOString(),
      actor: { kind: actor.kind, id: actor.id },
      approvalDigest: null,
    };
  }
}

/** What is judged is tested here, not how fast: a busy machine may take its time. */
const PATIENCE_MS = 10_000;

async function behindSocket(signer: InProcessSigner, directory: string): Promise<OpenSigner> {
  const path = join(directory, 'signer.sock');
  const server = new SignerServer({ signer, log: pino({ level: 'silent' }) });
  await server.listen(path);
  const client = new SocketSigner(path, { deadlineMs: PATIENCE_MS });
  return {
    sign: (request) => client.sign(request),
    signAnchor: (place) => client.signAnchor(place),
    status: () => client.status(),
    close: async () => {
      await client.close();
      await server.close();
      await signer.close();
    },
  };
}
