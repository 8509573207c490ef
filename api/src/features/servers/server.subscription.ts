import { API_LIMITS } from '@pilothouse/protocol';
import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import { toServerNode } from './server.node.js';
import type { ServerRepository } from './server.repository.js';
import { ServerChange } from './server.types.js';

export function serverSubscription(parts: ChangeParts & { servers: ServerRepository }): object {
  return changeSubscription(parts, {
    name: 'serverChanged',
    description: 'Servers that were added, changed or deleted, or whose state changed; resume by `afterSeq`',
    type: ServerChange,
    kind: 'SERVER',
    action: 'servers.read',
    ids: { name: 'serverIds', description: `Only these servers, at most ${API_LIMITS.maxPageSize}` },
    afterSeq: 'The last number seen; left out: only what comes from now on',
    load: (tx, ids) => parts.servers.findMany(tx, ids),
    toChange: ({ seq, thing }, ctx) => {
      const server = thing.deletedAt === null ? toServerNode(thing, ctx.now()) : null;
      return { seq, serverId: thing.id, server };
    },
  });
}
