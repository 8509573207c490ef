import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seedWorkspace } from '@pilothouse/db/testing';
import { auditEntryHash, ENVELOPE_LIMITS, openEnvelope } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeze, unfreeze, type OpenSigner } from './index.js';
import { refusalOf, SignerScene, type Signatory, type SignerAdapter } from './testing/signer.scene.js';

describe.each<SignerAdapter>(['in this process', 'over its socket'])('a signer %s', (adapter) => {
  let scene: SignerScene;
  let operator: Signatory;
  let serverId: string;

  beforeAll(async () => {
    scene = await SignerScene.start(adapter);
    operator = await scene.session();
    serverId = await scene.server();
  });
  afterAll(() => scene.stop());

  const command = (fields: Parameters<typeof scene.command>[2] = {}, actor = operator, on = serverId) =>
    scene.command(actor, on, fields);
  const sign = (fields: Parameters<typeof scene.command>[2] = {}) =>
    scene.sign({ actor: operator, intents: [command(fields)] });

  describe('what is asked for properly', () => {
    it('is signed in order, and the agent opens it', async () => {
      const intents = [command(), command(), command()];
      const envelopes = await scene.sign({ actor: operator, intents });
      const opened = envelopes.map((envelope) =>
        openEnvelope(envelope, { commandKeys: [scene.key], serverId, generation: 1, now: scene.now }),
      );
      expect(opened.map((open) => (open.ok ? open.envelope.intent.id : open.problem))).toEqual(
        intents.map(({ id }) => id),
      );
    });

    it('is on the signer’s own record before the signature leaves', async () => {
      const before = (await scene.logged()).length;
      await sign();
      const entries = await scene.logged();
      expect(entries).toHaveLength(before + 1);
      expect(entries.at(-1)).toMatchObject({ what: 'instructions', actorId: operator.id, count: 1 });
    });

    it('is signed as a cancel under the actions of cancelling, and as nothing else', async () => {
      const intents = [scene.cancel(operator, serverId)];
      for (const action of ['command-cancelled', 'run-stopped']) {
        expect(await refusalOf(scene.sign({ actor: operator, intents, audit: { action } }))).toBeNull();
      }
      for (const action of ['command-queued', 'run-started', 'server-created']) {
        expect(await refusalOf(scene.sign({ actor: operator, intents, audit: { action } }))).toBe('AUDIT_MISMATCH');
      }
    });

    it('stays a legal signature on record when the transaction around it is rolled back', async () => {
      const intents = [command()];
      const rolledBack = scene.harness.database.write(
        { ...scene.harness.as(scene.workspace), actor: { kind: 'SYSTEM', id: null, job: 'test' } },
        async (tx) => {
          tx.audit({ action: 'command-queued', target: { kind: 'COMMAND', id: intents[0]!.id } });
          tx.afterAudit(async ({ sequence }) => {
            await scene.sign({ actor: operator, intents, audit: { sequence } });
            throw new Error('The disk is full');
          });
        },
      );
      await expect(rolledBack).rejects.toThrow('The disk is full');
      expect(
        await scene.harness.sql('select 1 from audit_entries where target_id = $1', [intents[0]!.id]),
      ).toHaveLength(0);
      const digest = scene.auditOf({ actor: operator, intents }).intentDigest;
      expect((await scene.logged()).at(-1)).toMatchObject({ digest, auditSequence: 1 });
    });
  });

  describe('FROZEN', () => {
    it('while the file is there, and no longer, for instructions and anchors', async () => {
      const place = await scene.entry();
      await freeze(scene.directory);
      expect(await refusalOf(sign())).toBe('FROZEN');
      expect(await refusalOf(scene.signer.signAnchor(place))).toBe('FROZEN');
      await unfreeze(scene.directory);
      expect(await refusalOf(sign())).toBeNull();
      expect(await refusalOf(scene.signer.signAnchor(place))).toBeNull();
    });
  });

  it('says whether it is frozen', async () => {
    expect(await scene.signer.status()).toEqual({ frozen: false });
    await freeze(scene.directory);
    expect(await scene.signer.status()).toEqual({ frozen: true });
    await unfreeze(scene.directory);
    expect(await scene.signer.status()).toEqual({ frozen: false });
  });

  describe('UNKNOWN_ACTOR', () => {
    const asks = (actor: Signatory) => refusalOf(scene.sign({ actor, intents: [command({}, actor)] }));

    it.each([
      ['a session that was revoked', 'update sessions set revoked_at = now() where user_id = $1'],
      ['a session that has expired', 'update sessions set expires_at = now() where user_id = $1'],
      [
        'a session that was idle for 30 days',
        `update sessions set last_used_at = now() - interval '30 days' where user_id = $1`,
      ],
      ['a person who was disabled', 'update users set disabled_at = now() where id = $1'],
      ['a person who has left the workspace', 'delete from memberships where user_id = $1'],
    ])('for %s', async (_what, change) => {
      const actor = await scene.session();
      expect(await asks(actor)).toBeNull();
      await scene.harness.sql(change, [actor.userId]);
      expect(await asks(actor)).toBe('UNKNOWN_ACTOR');
    });

    it.each([
      ['was revoked', 'update api_tokens set revoked_at = now() where id = $1'],
      ['has expired', 'update api_tokens set expires_at = now() where id = $1'],
      [
        'belongs to a person who has left the workspace',
        'delete from memberships where user_id = (select user_id from api_tokens where id = $1)',
      ],
    ])('for a token that %s', async (_what, change) => {
      const actor = await scene.token(['RUN']);
      expect(await asks(actor)).toBeNull();
      await scene.harness.sql(change, [actor.id]);
      expect(await asks(actor)).toBe('UNKNOWN_ACTOR');
    });

    it('for a made-up credential, and for a member of another workspace only', async () => {
      expect(await asks({ ...operator, credential: 'made-up' })).toBe('UNKNOWN_ACTOR');
      const other = await seedWorkspace(scene.harness.db);
      expect(await asks(await scene.session('OWNER', other))).toBe('UNKNOWN_ACTOR');
    });
  });

  describe('ACTOR_MISMATCH', () => {
    it('when the audit entry names another actor than the instruction', async () => {
      const intents = [command()];
      expect(await refusalOf(scene.sign({ actor: operator, intents, audit: { actorId: uuidv7() } }))).toBe(
        'ACTOR_MISMATCH',
      );
      expect(await refusalOf(scene.sign({ actor: operator, intents, audit: { actorKind: 'API_TOKEN' } }))).toBe(
        'ACTOR_MISMATCH',
      );
    });

    it('when the credential is another person’s than entry and instruction say', async () => {
      const other = await scene.session('OWNER');
      const named = { ...operator, credential: other.credential };
      expect(await refusalOf(scene.sign({ actor: named, intents: [command()] }))).toBe('ACTOR_MISMATCH');
    });
  });

  describe('AUDIT_MISMATCH', () => {
    it('when any field of the entry is not the one that was hashed', async () => {
      const intents = [command()];
      const fields = scene.auditOf({ actor: operator, intents });
      const hash = auditEntryHash(fields);
      const request = { credential: operator.credential, intents };
      expect(await refusalOf(scene.signer.sign({ ...request, audit: { ...fields, hash } }))).toBeNull();
      for (const name of Object.keys(fields) as (keyof typeof fields)[]) {
        const changed = { ...fields, [name]: name === 'sequence' ? 2 : `${fields[name]}x` };
        expect(await refusalOf(scene.signer.sign({ ...request, audit: { ...changed, hash } })), name).toBe(
          'AUDIT_MISMATCH',
        );
      }
    });

    it('when the entry stands for other instructions, fewer, or another order', async () => {
      const [first, second] = [command(), command()];
      const audit = scene.auditOf({ actor: operator, intents: [first, second] });
      expect(await refusalOf(scene.sign({ actor: operator, intents: [first, second], audit }))).toBeNull();
      for (const intents of [[second, first], [first], [first, second, command()]]) {
        expect(await refusalOf(scene.sign({ actor: operator, intents, audit }))).toBe('AUDIT_MISMATCH');
      }
    });

    it('when an instruction is of another workspace than its entry’s chain', async () => {
      const other = await seedWorkspace(scene.harness.db);
      expect(await refusalOf(sign({ workspaceId: other.workspaceId }))).toBe('AUDIT_MISMATCH');
    });
  });

  describe('NOT_ALLOWED', () => {
    const asks = (actor: Signatory, on = serverId) =>
      refusalOf(scene.sign({ actor, intents: [command({}, actor, on)] }));

    it.each([
      ['VIEWER', 'NOT_ALLOWED'],
      ['DEPLOYER', 'NOT_ALLOWED'],
      ['OPERATOR', null],
      ['ADMIN', null],
      ['OWNER', null],
    ] as const)('for a %s: %s', async (role, expected) => {
      expect(await asks(await scene.session(role))).toBe(expected);
    });

    it('beyond the server or tag of a grant', async () => {
      const viewer = await scene.session('VIEWER');
      const [byId, byTag] = [await scene.server(), await scene.server()];
      await scene.harness.sql(`insert into server_tags values ($1, $2, 'blue', false)`, [
        scene.workspace.workspaceId,
        byTag,
      ]);
      await scene.harness.sql(
        `insert into grants (id, workspace_id, user_id, role, server_id, tag, created_at)
       values (uuidv7(), $1, $2, 'OPERATOR', $3, null, now()), (uuidv7(), $1, $2, 'OPERATOR', null, 'blue', now())`,
        [scene.workspace.workspaceId, viewer.userId, byId],
      );
      expect(await asks(viewer, byId)).toBeNull();
      expect(await asks(viewer, byTag)).toBeNull();
      expect(await asks(viewer)).toBe('NOT_ALLOWED');
      const both = [command({}, viewer, byId), command({}, viewer)];
      expect(await refusalOf(scene.sign({ actor: viewer, intents: both }))).toBe('NOT_ALLOWED');
    });

    it('on a server that has the tag of a grant from its own agent only', async () => {
      const viewer = await scene.session('VIEWER');
      const byTag = await scene.server();
      const { workspaceId } = scene.workspace;
      await scene.harness.sql(`insert into server_tags values ($1, $2, 'ubuntu', true)`, [workspaceId, byTag]);
      await scene.harness.sql(
        `insert into grants (id, workspace_id, user_id, role, tag, created_at)
         values (uuidv7(), $1, $2, 'OPERATOR', 'ubuntu', now())`,
        [workspaceId, viewer.userId],
      );
      expect(await asks(viewer, byTag)).toBe('NOT_ALLOWED');
      await scene.harness.sql('update server_tags set automatic = false where server_id = $1', [byTag]);
      expect(await asks(viewer, byTag)).toBeNull();
    });

    it('for a token without RUN, and for one whose owner’s role is too weak by now', async () => {
      expect(await asks(await scene.token(['RUN']))).toBeNull();
      expect(await asks(await scene.token(['READ', 'MANAGE']))).toBe('NOT_ALLOWED');
      const token = await scene.token(['RUN']);
      await scene.harness.sql(`update memberships set role = 'VIEWER' where user_id = $1`, [token.userId]);
      expect(await asks(token)).toBe('NOT_ALLOWED');
    });

    it('for a scope that the server does not grant', async () => {
      const narrow = await scene.server(['exec']);
      expect(await asks(operator, narrow)).toBeNull();
      const wide = command({ scopes: ['exec', 'run-as'] }, operator, narrow);
      expect(await refusalOf(scene.sign({ actor: operator, intents: [wide] }))).toBe('NOT_ALLOWED');
    });

    it('for what an instruction does without naming its scope', async () => {
      const plain = command().arguments;
      const script = { ...plain, program: { type: 'script' as const, script: 'true', interpreter: 'sh' as const } };
      const asOther = { ...plain, user: 'nobody' };
      expect(await refusalOf(sign({ scopes: [] }))).toBe('NOT_ALLOWED');
      expect(await refusalOf(sign({ arguments: script, scopes: ['exec'] }))).toBe('NOT_ALLOWED');
      expect(await refusalOf(sign({ arguments: script, scopes: ['shell'] }))).toBeNull();
      expect(await refusalOf(sign({ arguments: asOther, scopes: ['exec'] }))).toBe('NOT_ALLOWED');
      expect(await refusalOf(sign({ arguments: asOther, scopes: ['exec', 'run-as'] }))).toBeNull();
    });
  });

  describe('WRONG_SERVER', () => {
    it('for another workspace’s server, an unknown one, and another generation', async () => {
      const foreign = await scene.server(undefined, await seedWorkspace(scene.harness.db));
      for (const on of [foreign, uuidv7()]) {
        expect(await refusalOf(scene.sign({ actor: operator, intents: [command({}, operator, on)] }))).toBe(
          'WRONG_SERVER',
        );
      }
      expect(await refusalOf(sign({ generation: 2 }))).toBe('WRONG_SERVER');
    });

    it.each(['revoked_at', 'deleted_at'])('for a server whose %s is set', async (column) => {
      const gone = await scene.server();
      await scene.harness.sql(`update servers set ${column} = now() where id = $1`, [gone]);
      expect(await refusalOf(scene.sign({ actor: operator, intents: [command({}, operator, gone)] }))).toBe(
        'WRONG_SERVER',
      );
    });
  });

  describe('WRONG_TIME', () => {
    const issued = (offsetMs: number, lifetimeMs: number) => ({
      issuedAt: new Date(scene.now.getTime() + offsetMs).toISOString(),
      expiresAt: new Date(scene.now.getTime() + offsetMs + lifetimeMs).toISOString(),
    });

    it.each([
      [60_000, 1000, null],
      [60_001, 1000, 'WRONG_TIME'],
      [-60_000, 1000, null],
      [-60_001, 1000, 'WRONG_TIME'],
      [0, ENVELOPE_LIMITS.maxLifetimeMs, null],
      [0, ENVELOPE_LIMITS.maxLifetimeMs + 1, 'WRONG_TIME'],
      [0, 1, null],
      [0, 0, 'WRONG_TIME'],
      [0, -1000, 'WRONG_TIME'],
    ])('issued %i ms from now, living %i ms: %s', async (offsetMs, lifetimeMs, expected) => {
      expect(await refusalOf(sign(issued(offsetMs, lifetimeMs)))).toBe(expected);
    });
  });

  describe('TOO_MANY', () => {
    const LIMIT = 5;
    let frugal: OpenSigner;
    beforeAll(async () => {
      const directory = join(scene.directory, 'frugal');
      await mkdir(directory);
      frugal = await scene.open({ instructionsPerMinute: LIMIT, directory });
    });
    afterAll(() => frugal.close());

    const asks = (actor: Signatory, count: number) =>
      refusalOf(scene.sign({ actor, intents: Array.from({ length: count }, () => command({}, actor)) }, frugal));

    it('counts instructions of one person, just up to the limit, and leaves others alone', async () => {
      const [spender, other, third] = [await scene.session(), await scene.session(), await scene.session()];
      expect(await asks(spender, LIMIT - 2)).toBeNull();
      expect(await asks(spender, 2)).toBeNull();
      expect(await asks(spender, 1)).toBe('TOO_MANY');
      expect(await asks(other, LIMIT + 1)).toBe('TOO_MANY');
      expect(await asks(third, LIMIT)).toBeNull();
    });

    it('counts a person’s session and all their API tokens together', async () => {
      const person = await scene.session();
      const [token, anotherToken] = [await scene.token(['RUN'], person), await scene.token(['RUN'], person)];
      expect(await asks(person, 2)).toBeNull();
      expect(await asks(token, LIMIT - 2)).toBeNull();
      expect(await asks(anotherToken, 1)).toBe('TOO_MANY');
      expect(await asks(person, 1)).toBe('TOO_MANY');
      expect(await asks(await scene.token(['RUN']), 1)).toBeNull();
    });
  });

  describe('a refused request', () => {
    it('leaves no trace in the log of what was signed', async () => {
      const before = (await scene.logged()).length;
      await refusalOf(sign({ generation: 2 }));
      expect(await scene.logged()).toHaveLength(before);
    });

    it('signs none when one of many may not be', async () => {
      const intents = [command(), command({ generation: 2 })];
      expect(await refusalOf(scene.sign({ actor: operator, intents }))).toBe('WRONG_SERVER');
    });

    it('is none of the refusals when it is no instruction at all', async () => {
      const malformed = { ...command(), serverId: 'none' };
      const request = {
        credential: operator.credential,
        audit: { ...scene.auditOf({ actor: operator, intents: [] }), hash: '' },
      };
      const error: unknown = await scene.signer
        .sign({ ...request, intents: [malformed] })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toMatchObject({ name: 'SigningRefused' });
      expect(await refusalOf(sign())).toBeNull();
    });
  });
});
