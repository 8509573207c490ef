import { Args, Ctx, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { AuditService } from './audit.service.js';
import { AuditEntriesArgs, AuditEntryConnection, AuditVerification, toAuditEntry } from './audit.types.js';
import type { VerificationService } from './verification.service.js';

@Resolver()
export class AuditResolver {
  constructor(private readonly parts: { audit: AuditService; verification: VerificationService }) {}

  @Query(() => AuditEntryConnection, { description: 'What was done in the workspace, the newest first' })
  @Allow('audit.read')
  async auditEntries(@Args(() => AuditEntriesArgs) args: AuditEntriesArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.parts.audit.list(ctx as WorkspaceContext, args), toAuditEntry);
  }

  @Query(() => AuditVerification, {
    description: 'Recomputes the workspace’s whole audit chain and names the first entry that is bad',
  })
  @Allow('audit.verify')
  verifyAudit(@Ctx() ctx: RequestContext) {
    return this.parts.verification.verify(ctx as WorkspaceContext);
  }
}
