/** Server groups: the nested folders that servers lie in, and the tags in use. */
import type { ChangeParts } from '../../kernel/streams/change-subscription.js';
import { ServerGroupDirectory } from './server-group.directory.js';
import { ServerGroupRepository } from './server-group.repository.js';
import { ServerGroupResolver } from './server-group.resolver.js';
import { ServerGroupService } from './server-group.service.js';
import { serverGroupSubscription } from './server-group.subscription.js';

export { ServerGroupDirectory } from './server-group.directory.js';
export { GroupNotFound } from './server-group.refusals.js';
export { ServerGroup } from './server-group.types.js';

export function createServerGroupsFeature({ database, bus }: ChangeParts) {
  const groups = new ServerGroupRepository();
  const service = new ServerGroupService({ database, groups });
  return {
    resolvers: [new ServerGroupResolver(service), serverGroupSubscription({ database, bus, groups })],
    directory: new ServerGroupDirectory({ database, groups }),
  };
}
