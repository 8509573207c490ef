import type { TestDatabase } from '@pilothouse/db/testing';
import { hash } from '@node-rs/argon2';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createPeopleFeature, type PeopleParts } from '../features/people/index.js';
import type { Role } from '../kernel/authorisation/index.js';
import type { Database } from '../kernel/database/index.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { RateLimit } from '../kernel/rate-limits.js';
import type { RequestContext, WorkspaceContext } from '../kernel/request-context.js';
import { SealingKey } from '../kernel/sealing.js';
import { FeatureHarness, type Answer as FeatureAnswer } from './feature-harness.js';
import { generousRateLimits } from './generous-rate-limits.js';

export const PASSWORD = 'correct horse battery staple';

export type PeopleFeature = ReturnType<typeof createPeopleFeature>;

/** What one operation answered, with the cookie it set (`''` when it was cleared). */
export interface Answer extends FeatureAnswer {
  cookie: string | undefined;
}

export interface Ask {
  credential?: string | null | undefined;
  variables?: Record<string, unknown>;
  workspaceId?: string;
  address?: string;
  /** As over a socket, where no cookie can be set. */
  withoutCookies?: true;
}

/** People (and other features, when given) on a database of their own, with a clock that tests turn. */
export class PeopleHarness {
  people!: PeopleFeature;
  private nowMs = Date.now();

  private constructor(private readonly features: FeatureHarness) {}

  static async start(
    others: (parts: PeopleParts, people: PeopleFeature) => object[] = () => [],
    limits: Partial<Record<RateLimit, { points: number; seconds: number }>> = {},
  ): Promise<PeopleHarness> {
    const harness = new PeopleHarness(await FeatureHarness.start());
    const parts: PeopleParts = {
      database: harness.database,
      bus: harness.bus,
      rateLimits: generousRateLimits(limits),
      sealing: new SealingKey(new Uint8Array(32).fill(7)),
      now: () => harness.now(),
    };
    harness.people = createPeopleFeature(parts);
    await harness.features.serve([...harness.people.resolvers, ...others(parts, harness.people)]);
    return harness;
  }

  get db(): TestDatabase {
    return this.features.db;
  }

  get database(): Database {
    return this.features.database;
  }

  get bus(): EventBus {
    return this.features.bus;
  }

  now(): Date {
    return new Date(this.nowMs);
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }

  /** One operation of whoever the credential stands for. */
  async ask(document: string, ask: Ask = {}): Promise<Answer> {
    let cookie: string | undefined;
    const ctx = await this.contextOf(ask);
    const sessionCookie = { set: (token: string) => void (cookie = token), clear: () => void (cookie = '') };
    const asked = ask.withoutCookies ? ctx : Object.assign(ctx, { sessionCookie });
    const answer = await this.features.ask(asked as WorkspaceContext, document, ask.variables);
    return { ...answer, cookie };
  }

  /** The events of a subscription; one that is refused gives one answer with its code. */
  async *follow(document: string, ask: Ask = {}): AsyncGenerator<FeatureAnswer, void> {
    const ctx = await this.contextOf(ask);
    yield* this.features.follow(ctx as WorkspaceContext, document, ask.variables);
  }

  /** Runs SQL as superuser. */
  sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.features.sql(text, values);
  }

  /**
   * Acts while another transaction has run `statement` and not yet committed; that one commits once the act waits for
   * it, or is over without having waited.
   */
  async during<T>([statement, values]: [string, unknown[]], act: () => Promise<T>): Promise<T> {
    const other = new Client({ connectionString: this.db.adminUrl });
    await other.connect();
    await other.query('begin');
    await other.query(statement, values);
    let isOver = false;
    const acting = act().finally(() => (isOver = true));
    while (!isOver && !(await this.somebodyWaits())) await new Promise(setImmediate);
    await other.query('commit');
    await other.end();
    return acting;
  }

  stop(): Promise<void> {
    return this.features.stop();
  }

  private contextOf(ask: Ask): Promise<RequestContext> {
    return this.people.authenticator.authenticate({
      credential: ask.credential ?? null,
      workspaceId: ask.workspaceId ?? null,
      address: ask.address ?? '192.0.2.1',
      userAgent: 'tests',
      requestId: 'request',
    });
  }

  private async somebodyWaits(): Promise<boolean> {
    const rows = await this.sql(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  }
}

const SIGNED_IN =
  '... on SignedIn { token session { id client secondFactor steppedUpUntil expiresAt isCurrent } person { id } }';
const REFUSED = '... on Refusal { code message } ... on SecondFactorRefused { lockedUntil }';

export const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { __typename ${SIGNED_IN} ${REFUSED} } }`;
export const STEP_UP = `mutation ($input: StepUpInput!) { stepUp(input: $input) { __typename ${SIGNED_IN} ${REFUSED} } }`;
export const COMPLETE_SETUP = `mutation ($input: CompleteSetupInput!) {
  completeSetup(input: $input) { __typename ${SIGNED_IN} ... on Refusal { code message } } }`;
export const SESSIONS =
  'query ($first: Int, $after: String) { sessions(first: $first, after: $after) { nodes { id client isCurrent address } pageInfo { hasNextPage endCursor } } }';

export const OWNER = {
  email: 'owner@example.test',
  displayName: 'Olive Owner',
  password: PASSWORD,
  workspaceName: 'Fleet',
};

export interface SeededPerson {
  email: string;
  userId: string;
  workspaceId: string;
  sessionId: string;
  /** Of a CLI session that has just begun. */
  token: string;
}

let passwordHash: Promise<string> | undefined;

/** A person who is signed in, and member of a workspace: the one given, or a new one of their own. */
export async function seedPerson(
  harness: PeopleHarness,
  { workspaceId = uuidv7(), role = 'OWNER' as Role } = {},
): Promise<SeededPerson> {
  passwordHash ??= hash(PASSWORD);
  const userId = uuidv7();
  const email = `${userId}@example.test`;
  await harness.sql(
    `with workspace as (insert into workspaces (id, name, created_at) values ($1, 'Fleet', $5) on conflict do nothing),
          person as (
            insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
            values ($2, $3, 'Person', $4, $5, $5))
     insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, $6, $5)`,
    [workspaceId, userId, email, await passwordHash, harness.now(), role],
  );
  const { data } = await harness.ask(SIGN_IN, { variables: { input: { email, password: PASSWORD, client: 'CLI' } } });
  return { email, userId, workspaceId, sessionId: data.signIn.session.id, token: data.signIn.token };
}

/** Signs in over the CLI. @returns the token. */
export async function signIn(harness: PeopleHarness, email: string, password = PASSWORD): Promise<string> {
  const { data } = await harness.ask(SIGN_IN, { variables: { input: { email, password, client: 'CLI' } } });
  return data.signIn.token;
}

/** The audit entries about a person, by what was done. */
export async function recorded(harness: PeopleHarness, userId: string): Promise<string[]> {
  const rows = await harness.sql<{ action: string }>(
    'select action from audit_entries where target_id = $1 or actor_id = $1 order by time, sequence',
    [userId],
  );
  return rows.map(({ action }) => action);
}
