import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import {
  AUDIT_GENESIS_HASH,
  auditEntryHash,
  fingerprintOf,
  generateSigningKey,
  signAnchor,
  signKeyset,
  type SigningKey,
} from '@pilothouse/protocol';
import { pino, type Logger } from 'pino';
import type { AuditRecord } from '../../../kernel/database/index.js';
import { makeContext, type Actor, type RequestContext } from '../../../kernel/request-context.js';
import { FeatureHarness, type Answer } from '../../../testing/feature-harness.js';
import { createPersonDirectory } from '../../people/index.js';
import { AnchorStore, createAuditFeature, type Anchors } from '../index.js';
import type { StoredEntry } from '../chain.verifier.js';

const VERIFY = `{ verifyAudit { intact checkedEntries baseSequence headSequence headHash anchorCount unreadableAnchors
  lastAnchoredSequence problem { kind sequence message } } }`;

/** The audit feature on a database and a directory of anchors of its own. */
export class AuditScene {
  readonly harness: FeatureHarness;
  readonly errors: string[] = [];
  anchors!: Anchors;
  command: SigningKey = generateSigningKey();
  private readonly root = generateSigningKey();
  private keysetVersion = 0;

  private constructor(
    harness: FeatureHarness,
    readonly directory: string,
  ) {
    this.harness = harness;
  }

  static async open(): Promise<AuditScene> {
    const harness = await FeatureHarness.start();
    const scene = new AuditScene(harness, await mkdtemp(join(tmpdir(), 'pilothouse-anchors-')));
    const { anchors, resolvers } = createAuditFeature({
      database: harness.database,
      log: scene.log(),
      anchors: new AnchorStore(join(scene.directory, 'anchors')),
      signer: {
        signAnchor: async (place) => signAnchor(scene.command, { ...place, time: new Date().toISOString() }),
      },
      rootFingerprint: fingerprintOf(scene.root.publicKey),
      people: createPersonDirectory(harness.database),
    });
    scene.anchors = anchors;
    await harness.serve(resolvers);
    await scene.publishKey(scene.command);
    return scene;
  }

  /** Makes a key the one that commands are signed with, in a new keyset. */
  async publishKey(key: SigningKey): Promise<void> {
    this.command = key;
    this.keysetVersion += 1;
    const names = { controlPlane: [generateSigningKey()], command: [key] };
    const keys = Object.fromEntries(
      Object.entries(names).map(([use, [{ keyId, publicKey } = key]]) => [use, [{ keyId, publicKey }]]),
    );
    const signed = signKeyset(this.root, {
      version: this.keysetVersion,
      issuedAt: new Date().toISOString(),
      ...(keys as Record<keyof typeof names, { keyId: string; publicKey: string }[]>),
    });
    await this.harness.sql('insert into keysets (version, signed) values ($1, $2)', [this.keysetVersion, signed]);
  }

  workspace(): Promise<SeededWorkspace> {
    return seedWorkspace(this.harness.db);
  }

  anchorFile({ workspaceId }: SeededWorkspace): string {
    return join(this.directory, 'anchors', `${workspaceId}.jsonl`);
  }

  /** Puts something on record, as a feature does. */
  record(tenant: SeededWorkspace, record: Partial<AuditRecord> = {}): Promise<void> {
    return this.write(this.harness.as(tenant), record);
  }

  /** Puts something on record that this actor did. */
  recordAs(tenant: SeededWorkspace, actor: Actor): Promise<void> {
    return this.write(makeContext({ ...this.harness.as(tenant), actor }), {});
  }

  async recordMany(tenant: SeededWorkspace, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await this.record(tenant, { detail: { n } });
  }

  /** A chain of its own making, whole in itself, in place of whatever the workspace has. */
  async replaceChain(
    { workspaceId }: SeededWorkspace,
    { count, at = () => new Date() }: { count: number; at?: (sequence: number) => Date },
  ): Promise<void> {
    const entries: StoredEntry[] = [];
    let previousHash = AUDIT_GENESIS_HASH;
    for (let sequence = 1; sequence <= count; sequence += 1) {
      const entry = {
        chain: workspaceId,
        sequence,
        previousHash,
        time: at(sequence).toISOString(),
        actorKind: 'USER',
        actorId: 'someone',
        action: 'server-updated',
        targetKind: 'SERVER',
        targetId: 'another',
        detail: `{"n":${sequence},"text":"ž 🚀"}`,
        intentDigest: '',
      };
      previousHash = auditEntryHash(entry);
      entries.push({ ...entry, hash: previousHash });
    }
    await this.harness.sql('delete from audit_entries where chain = $1', [workspaceId]);
    await this.harness.sql(
      `insert into audit_entries select r.chain, r.sequence, $1::uuid, r."previousHash", r.hash, r.time, r."actorKind", r."actorId",
         r.action, r."targetKind", r."targetId", r.detail, r."intentDigest"
         from jsonb_to_recordset($2::jsonb) as r(chain text, sequence bigint, "previousHash" text, hash text, time text,
           "actorKind" text, "actorId" text, action text, "targetKind" text, "targetId" text, detail text, "intentDigest" text)`,
      [workspaceId, JSON.stringify(entries)],
    );
    await this.harness.sql(
      `insert into audit_heads (chain, workspace_id, sequence, hash) values ($1::uuid::text, $1, $2, $3)
       on conflict (chain) do update set sequence = excluded.sequence, hash = excluded.hash, base_sequence = 0,
         base_hash = repeat('0', 64)`,
      [workspaceId, count, previousHash],
    );
  }

  // The shape of the data is that of the document above.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async verify(tenant: SeededWorkspace): Promise<any> {
    const { data, message }: Answer = await this.harness.ask(this.harness.as(tenant, 'ADMIN'), VERIFY);
    if (!data) throw new Error(message);
    return data.verifyAudit;
  }

  async close(): Promise<void> {
    await this.harness.stop();
    await rm(this.directory, { recursive: true });
  }

  private async write(ctx: RequestContext, record: Partial<AuditRecord>): Promise<void> {
    await this.harness.database.write(ctx, async (tx) => {
      tx.audit({ action: 'server-created', target: { kind: 'SERVER', id: 'target' }, ...record });
    });
  }

  private log(): Logger {
    return pino({ level: 'error' }, { write: (line: string) => void this.errors.push(line) });
  }
}
