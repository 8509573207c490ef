import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import type { CommandRepository } from './command.repository.js';
import { CommandChange, toCommand } from './command.types.js';

export function commandSubscription(parts: ChangeParts & { repository: CommandRepository }): object {
  return changeSubscription(parts, {
    name: 'commandChanged',
    description: 'Commands that changed, in order',
    type: CommandChange,
    kind: 'COMMAND',
    action: 'commands.read',
    ids: { name: 'commandIds', description: 'Only these; at most 200' },
    load: (tx, ids) => parts.repository.findMany(tx, ids),
    loadAhead: (tx, wanted) => parts.repository.findOfNextChanges(tx, wanted),
    toChange: ({ seq, thing }) => ({ seq, command: toCommand(thing) }),
  });
}
