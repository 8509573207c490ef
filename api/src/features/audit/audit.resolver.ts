import { Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { Person, type PersonDirectory } from '../people/index.js';
import type { AuditService } from './audit.service.js';
import { AuditEntriesArgs, AuditEntry, AuditEntryConnection, AuditVerification, toAuditEntry } from './audit.types.js';
import type { VerificationService } from './verification.service.js';

@Resolver(() => AuditEntry)
export class AuditResolver {
  constructor(
    private readonly parts: { audit: AuditService; verification: VerificationService; people: PersonDirectory },
  ) {}

  @Query(() => AuditEntryConnection, { description: 'What was done in the workspace, the newest first' })
  @Allow('audit.read')
  async auditEntries(@Args(() => AuditEntriesArgs) args: AuditEntriesArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.parts.audit.list(ctx as WorkspaceContext, args), toAuditEntry);
  }

  @FieldResolver(() => Person, {
    nullable: true,
    description:
      'The person, also behind an API token; null for agents and jobs, and when they have left the workspace',
  })
  @Allow('PARENT')
  actorPerson(@Root() { actorId }: AuditEntry, @Ctx() ctx: RequestContext): Promise<Person | null> {
    return this.parts.people.behind(ctx, actorId);
  }

  @Query(() => AuditVerification, {
    description: 'Recomputes the workspace’s whole audit chain and names the first entry that is bad',
  })
  @Allow('audit.verify')
  verifyAudit(@Ctx() ctx: RequestContext) {
    return this.parts.verification.verify(ctx as WorkspaceContext);
  }
}
