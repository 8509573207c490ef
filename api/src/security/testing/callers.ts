import { v7 as uuidv7 } from 'uuid';
import { hashToken, randomApiToken, randomToken } from '../../kernel/random-token.js';
import type { Role, TokenScope } from '../../kernel/authorisation/index.js';
import { makeContext, type RequestContext } from '../../kernel/request-context.js';
import type { TestApi } from '../../testing/index.js';

export interface Person {
  userId: string;
  sessionId: string;
  /** Of a session that has just confirmed with the password. */
  token: string;
}

/** A person with a session, and member of a workspace that exists. */
export async function seedMember(api: TestApi, workspaceId: string, role: Role): Promise<Person> {
  const [userId, sessionId, token] = [uuidv7(), uuidv7(), randomToken()];
  await api.sql(
    `with person as (
       insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
       values ($1::uuid, $1::text || '@example.test', 'Person', 'none', now(), now())),
     member as (insert into memberships (workspace_id, user_id, role, created_at) values ($2, $1, $3, now()))
     insert into sessions (id, user_id, token_hash, client, second_factor, stepped_up_at, created_at, last_used_at, expires_at, address, user_agent)
     values ($4, $1, $5, 'CLI', false, now(), now(), now(), now() + interval '1 day', '127.0.0.1', 'tests')`,
    [userId, workspaceId, role, sessionId, hashToken(token)],
  );
  return { userId, sessionId, token };
}

/** An API token of a new owner of the workspace. */
export async function seedApiToken(api: TestApi, workspaceId: string, scopes: readonly TokenScope[]) {
  const { userId } = await seedMember(api, workspaceId, 'OWNER');
  const [apiTokenId, token] = [uuidv7(), randomApiToken()];
  await api.sql(
    `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
     values ($1::uuid, $2, $3, $1::text, $4, 'hint', $5, now())`,
    [apiTokenId, workspaceId, userId, hashToken(token), scopes],
  );
  return { userId, apiTokenId, token };
}

export async function seedEmptyWorkspace(api: TestApi, name: string): Promise<string> {
  const workspaceId = uuidv7();
  await api.sql('insert into workspaces (id, name, created_at) values ($1, $2, now())', [workspaceId, name]);
  return workspaceId;
}

/** The context of a request that shows this credential and asks for this workspace. */
export function contextOf(api: TestApi, credential: string | null, workspaceId: string): Promise<RequestContext> {
  return api.controlPlane.features.people.authenticator.authenticate({
    credential,
    workspaceId,
    address: '192.0.2.1',
    userAgent: 'tests',
    requestId: 'request',
  });
}

/** What an agent's context would be if it reached the schema of people. */
export function agentContext(workspaceId: string): RequestContext {
  const id = uuidv7();
  return makeContext({
    requestId: 'request',
    actor: { kind: 'AGENT', id, serverId: id },
    workspaceId,
    role: null,
    grants: [],
    address: '192.0.2.1',
    userAgent: 'tests',
    credential: null,
  });
}
