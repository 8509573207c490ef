import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import { withMissing } from '../../kernel/streams/follow-changes.js';
import type { MemberRepository } from './member.repository.js';
import { MemberChange, toMember } from './member.types.js';

export function memberSubscription(parts: ChangeParts & { members: MemberRepository }): object {
  return changeSubscription(parts, {
    name: 'memberChanged',
    description: 'Members that joined, left, or have another role or other grants, in order; resume by `afterSeq`',
    type: MemberChange,
    kind: 'MEMBER',
    action: 'members.read',
    load: async (tx, ids, { workspaceId }) => {
      const rows = await parts.members.findMany(tx, workspaceId, ids);
      return withMissing(
        ids,
        rows.map((row) => ({ id: row.userId, row })),
      );
    },
    toChange: ({ seq, thing: { id, found } }) => ({ seq, personId: id, member: found && toMember(found.row) }),
  });
}
