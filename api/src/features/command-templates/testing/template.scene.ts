import { randomBytes, randomUUID } from 'node:crypto';
import { seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import type { WorkspaceContext } from '../../../kernel/request-context.js';
import { SealingKey } from '../../../kernel/sealing.js';
import { FeatureHarness } from '../../../testing/feature-harness.js';
import { createCommandTemplatesFeature } from '../index.js';

const PROGRAM = 'program { argv script interpreter workingDirectory user environmentNames hasStdin }';
const FIELDS = `id name description ${PROGRAM} timeoutMs priority concurrency idempotent createdBy { kind id } createdAt updatedAt`;
const TEMPLATE = `__typename ... on CommandTemplate { ${FIELDS} } ... on Refusal { code message }`;
const CREATE = `mutation ($input: CreateCommandTemplateInput!) { createCommandTemplate(input: $input) { ${TEMPLATE}
  ... on QuotaReached { quota limit } } }`;
const UPDATE = `mutation ($input: UpdateCommandTemplateInput!) { updateCommandTemplate(input: $input) { ${TEMPLATE} } }`;
const DELETE = `mutation ($input: DeleteCommandTemplateInput!) { deleteCommandTemplate(input: $input) {
  ... on CommandTemplateDeleted { id } } }`;
export const LIST = `query ($first: Int, $after: String, $filter: CommandTemplateFilterInput) {
  commandTemplates(first: $first, after: $after, filter: $filter) {
    nodes { name } pageInfo { hasNextPage endCursor } } }`;
export const ONE = `query ($id: ID!) { commandTemplate(id: $id) { ${FIELDS} } }`;
export const UNKNOWN = '018f0000-0000-7000-8000-000000000000';
export const UPTIME = { argv: ['uptime'] };

/** Templates of one workspace after the other, through GraphQL and in their table. */
export class TemplateScene {
  harness!: FeatureHarness;
  templates!: ReturnType<typeof createCommandTemplatesFeature>;
  member!: SeededWorkspace;
  operator!: WorkspaceContext;

  async start(): Promise<void> {
    this.harness = await FeatureHarness.start();
    const { database, bus } = this.harness;
    this.templates = createCommandTemplatesFeature({ database, bus, sealing: new SealingKey(randomBytes(32)) });
    await this.harness.serve(this.templates.resolvers);
  }

  stop(): Promise<void> {
    return this.harness.stop();
  }

  async enterNewWorkspace(): Promise<void> {
    this.member = await seedWorkspace(this.harness.db);
    this.operator = this.harness.as(this.member, 'OPERATOR');
  }

  tryCreate(input: object, ctx = this.operator) {
    return this.harness.ask(ctx, CREATE, {
      input: { name: 'Uptime', command: UPTIME, idempotencyKey: randomUUID(), ...input },
    });
  }

  tryUpdate(input: object, ctx = this.operator) {
    return this.harness.ask(ctx, UPDATE, { input });
  }

  async create(input: object = {}, ctx = this.operator) {
    return (await this.tryCreate(input, ctx)).data?.createCommandTemplate;
  }

  async update(input: object, ctx = this.operator) {
    return (await this.tryUpdate(input, ctx)).data?.updateCommandTemplate;
  }

  remove(id: string, ctx = this.operator) {
    return this.harness.ask(ctx, DELETE, { input: { templateId: id } });
  }

  async one(id: string, ctx = this.operator) {
    return (await this.harness.ask(ctx, ONE, { id })).data?.commandTemplate;
  }

  async names(variables: object = {}, ctx = this.operator): Promise<string[]> {
    const { nodes } = (await this.harness.ask(ctx, LIST, { ...variables })).data.commandTemplates;
    return nodes.map(({ name }: { name: string }) => name);
  }

  /** Templates of this workspace straight into the table. */
  fill(count: number) {
    return this.harness.sql(
      `insert into command_templates (id, workspace_id, name, arguments, sealed_content, created_by, created_at, updated_at)
       select gen_random_uuid(), $1, 'filler ' || n, '{"argv": ["true"], "environment": []}', '', $2, now(), now()
         from generate_series(1, $3::int) n`,
      [this.member.workspaceId, this.member.userId, count],
    );
  }

  records() {
    return this.harness.sql<{ action: string; detail: string }>(
      'select action, detail from audit_entries where chain = $1 order by sequence',
      [this.member.workspaceId],
    );
  }
}
