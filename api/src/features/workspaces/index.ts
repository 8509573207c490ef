/** Workspaces: the tenants themselves, who belongs to them and as what, invitations, and rights on single servers. */
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { NewAccountService } from '../people/index.js';
import { CallerResolver } from './caller.resolver.js';
import { GrantRepository } from './grant.repository.js';
import { GrantResolver } from './grant.resolver.js';
import { GrantService } from './grant.service.js';
import { InvitationRepository } from './invitation.repository.js';
import { InvitationResolver } from './invitation.resolver.js';
import { InvitationService } from './invitation.service.js';
import { JoiningService } from './joining.service.js';
import { MemberRepository } from './member.repository.js';
import { MemberResolver } from './member.resolver.js';
import { MemberService } from './member.service.js';
import { memberSubscription } from './member.subscription.js';
import { WorkspaceRepository } from './workspace.repository.js';
import { MyWorkspacesResolver, WorkspaceResolver } from './workspace.resolver.js';
import { WorkspaceService } from './workspace.service.js';
import { workspaceSubscription } from './workspace.subscription.js';

export { Workspace, WorkspaceRole } from './workspace.types.js';

export interface WorkspacesParts {
  database: Database;
  bus: EventBus;
  rateLimits: RateLimits;
  newAccounts: NewAccountService;
}

export function createWorkspacesFeature(kernel: WorkspacesParts) {
  const parts = {
    ...kernel,
    workspaces: new WorkspaceRepository(),
    members: new MemberRepository(),
    invitations: new InvitationRepository(kernel.database),
    grants: new GrantRepository(),
  };
  const workspaceService = new WorkspaceService(parts);
  const memberService = new MemberService(parts);
  return {
    resolvers: [
      new WorkspaceResolver(workspaceService),
      new MyWorkspacesResolver(workspaceService),
      new MemberResolver(memberService),
      new CallerResolver(memberService),
      new InvitationResolver(new InvitationService(parts), new JoiningService(parts)),
      new GrantResolver(new GrantService(parts)),
      memberSubscription(parts),
      workspaceSubscription(parts),
    ],
  };
}
