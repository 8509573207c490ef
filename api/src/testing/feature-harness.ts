import { dataSourceOptions } from '@pilothouse/db';
import { createTestDatabase, type SeededWorkspace, type TestDatabase } from '@pilothouse/db/testing';
import { graphql, parse, subscribe, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { enforceAuthorisation, type Role } from '../kernel/authorisation/index.js';
import { Database } from '../kernel/database/index.js';
import { InProcessEventBus, type EventBus } from '../kernel/event-bus.js';
import { toClientError } from '../kernel/graphql/client-errors.js';
import { buildResolverSchema } from '../kernel/graphql/resolver-schema.js';
import { makeContext, type WorkspaceContext } from '../kernel/request-context.js';

/** What one operation answered. */
export interface Answer {
  // The shape of the data is the test's own document.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
  code: string | undefined;
  message: string | undefined;
}

/** A database of a test file's own, and the schema of the features under test on it, without a transport. */
export class FeatureHarness {
  readonly bus: EventBus = new InProcessEventBus();
  db!: TestDatabase;
  database!: Database;
  private schema: GraphQLSchema | undefined;
  private dataSource!: DataSource;
  protected admin!: DataSource;

  static async start(): Promise<FeatureHarness> {
    const harness = new FeatureHarness();
    harness.db = await createTestDatabase();
    const options = { applicationName: 'pilothouse tests', poolSize: 8 };
    harness.dataSource = await new DataSource(dataSourceOptions({ url: harness.db.appUrl, ...options })).initialize();
    harness.admin = await new DataSource(dataSourceOptions({ url: harness.db.adminUrl, ...options })).initialize();
    harness.database = new Database(harness.dataSource, harness.bus);
    return harness;
  }

  async serve(resolvers: readonly object[]): Promise<void> {
    this.schema = enforceAuthorisation(await buildResolverSchema(resolvers));
  }

  /** The context of a member's request. */
  as({ workspaceId, userId }: SeededWorkspace, role: Role = 'OWNER'): WorkspaceContext {
    return makeContext({
      requestId: 'request',
      actor: { kind: 'USER', id: userId, sessionId: userId, steppedUpAt: new Date() },
      workspaceId,
      role,
      grants: [],
      address: '192.0.2.1',
      userAgent: 'tests',
      credential: null,
    }) as WorkspaceContext;
  }

  async ask(ctx: WorkspaceContext, source: string, variableValues: Record<string, unknown> = {}): Promise<Answer> {
    return answerOf(await graphql({ schema: this.servedSchema(), source, variableValues, contextValue: ctx }));
  }

  /** The events of a subscription; a subscription that is refused gives one answer with its code. */
  async *follow(
    ctx: WorkspaceContext,
    source: string,
    variableValues: Record<string, unknown> = {},
  ): AsyncGenerator<Answer, void> {
    const document = parse(source);
    const events = await subscribe({ schema: this.servedSchema(), document, variableValues, contextValue: ctx });
    if (!(Symbol.asyncIterator in events)) {
      yield answerOf(events);
      return;
    }
    for await (const event of events) yield answerOf(event);
  }

  /** Runs SQL as superuser. */
  sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.admin.query(text, values);
  }

  async stop(): Promise<void> {
    await this.dataSource.destroy();
    await this.admin.destroy();
    await this.db.drop();
  }

  private servedSchema(): GraphQLSchema {
    if (!this.schema) throw new Error('No feature is served');
    return this.schema;
  }
}

/** What a client would not be told must not vanish in a test. */
const log = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));

function answerOf({ data, errors }: ExecutionResult): Answer {
  const error = errors?.[0] && toClientError(errors[0], { requestId: 'request', log });
  return { data, code: error?.extensions?.code as string | undefined, message: error?.message };
}
