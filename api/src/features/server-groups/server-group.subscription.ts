import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import { withMissing } from '../../kernel/streams/follow-changes.js';
import type { ServerGroupRepository } from './server-group.repository.js';
import { toGroupNode } from './server-group.resolver.js';
import { ServerGroupChange } from './server-group.types.js';

export function serverGroupSubscription(parts: ChangeParts & { groups: ServerGroupRepository }): object {
  return changeSubscription(parts, {
    name: 'serverGroupChanged',
    description:
      'Groups that were made, changed or deleted, in order; servers that come or go are told of by `serverChanged`',
    type: ServerGroupChange,
    kind: 'GROUP',
    action: 'servers.read',
    load: async (tx, ids) => withMissing(ids, await parts.groups.findMany(tx, ids)),
    toChange: ({ seq, thing: { id, found } }) => ({ seq, groupId: id, group: found && toGroupNode(found) }),
  });
}
