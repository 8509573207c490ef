import { randomUUID } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { generateSigningKey } from '@pilothouse/protocol';
import { seedServer } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet } from '../../testing/fleet.js';

const ROTATE = `mutation ($id: ID!) { rotateServerKey(input: { serverId: $id }) { __typename
  ... on Server { id name } ... on Refusal { code message } } }`;

let fleet: Fleet;
let member: SeededWorkspace;

beforeAll(async () => {
  fleet = await Fleet.start();
});
afterAll(() => fleet.stop());
beforeEach(async () => {
  member = await fleet.workspace();
});

const rotate = (id: string, ctx = fleet.harness.as(member, 'ADMIN')) => fleet.harness.ask(ctx, ROTATE, { id });

/** An enrolled server, whose agent last spoke this version; null: it has never connected. */
async function enrolled(protocolVersion: number | null = null): Promise<string> {
  const { serverId } = await seedServer(fleet.harness.db, member.workspaceId, {
    identity: { publicKey: generateSigningKey().publicKey },
    session: {},
  });
  await fleet.harness.sql('update agent_sessions set protocol_version = $2 where server_id = $1', [
    serverId,
    protocolVersion,
  ]);
  return serverId;
}

const askedAt = async (serverId: string) =>
  (
    await fleet.harness.sql<{ at: Date | null }>(
      'select rotation_asked_at as at from agent_identities where server_id = $1',
      [serverId],
    )
  )[0]?.at;

describe('asking for a new key', () => {
  test.each([null, 2])('is noted, told to every replica and put on record: version %s', async (version) => {
    const id = await enrolled(version);
    expect((await rotate(id)).data.rotateServerKey).toMatchObject({ __typename: 'Server', id });
    const first = await askedAt(id);
    expect(first).toBeInstanceOf(Date);
    expect(await fleet.harness.sql('select kind from revocations where subject_id = $1', [id])).toEqual([
      { kind: 'AGENT_KEY' },
    ]);
    expect(
      await fleet.harness.sql(
        `select actor_id from audit_entries where target_id = $1 and action = 'server-key-rotation-asked'`,
        [id],
      ),
    ).toEqual([{ actor_id: member.userId }]);
    await rotate(id);
    expect(await askedAt(id)).toEqual(first);
  });

  test('is refused for a server without an agent, and for one that is revoked', async () => {
    const refusal = { __typename: 'ServerNotEnrolled', code: 'SERVER_NOT_ENROLLED' };
    const { serverId: pending } = await seedServer(fleet.harness.db, member.workspaceId);
    expect((await rotate(pending)).data.rotateServerKey).toMatchObject(refusal);
    const revoked = await enrolled();
    await fleet.harness.sql('update agent_identities set revoked_at = now() where server_id = $1', [revoked]);
    expect((await rotate(revoked)).data.rotateServerKey).toMatchObject(refusal);
    expect(await askedAt(revoked)).toBeNull();
  });

  test('is refused where the agent could not', async () => {
    const id = await enrolled(1);
    expect((await rotate(id)).data.rotateServerKey).toMatchObject({ __typename: 'AgentTooOld', code: 'AGENT_TOO_OLD' });
    expect(await askedAt(id)).toBeNull();
  });

  test('needs a confirmation, as trusting an agent does, and is not for API tokens', async () => {
    const id = await enrolled();
    const admin = fleet.harness.as(member, 'ADMIN');
    const stale = { ...admin, actor: { ...admin.actor, steppedUpAt: null } } as WorkspaceContext;
    const actor = { kind: 'API_TOKEN' as const, id: randomUUID(), userId: member.userId, scopes: ['MANAGE' as const] };
    expect((await rotate(id, stale)).code).toBe('STEP_UP_REQUIRED');
    expect((await rotate(id, { ...admin, actor })).code).toBe('FORBIDDEN');
    expect(await askedAt(id)).toBeNull();
  });

  test('is not for operators, and another workspace cannot', async () => {
    const id = await enrolled();
    expect((await rotate(id, fleet.harness.as(member, 'OPERATOR'))).code).toBe('FORBIDDEN');
    expect((await rotate(id, fleet.harness.as(await fleet.workspace(), 'OWNER'))).code).toBe('NOT_FOUND');
    expect((await rotate(randomUUID())).code).toBe('NOT_FOUND');
    expect(await askedAt(id)).toBeNull();
  });
});
