import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import { withMissing } from '../../kernel/streams/follow-changes.js';
import type { CommandTemplateRepository } from './command-template.repository.js';
import { CommandTemplateChange, toTemplate } from './command-template.types.js';

export function commandTemplateSubscription(parts: ChangeParts & { templates: CommandTemplateRepository }): object {
  return changeSubscription(parts, {
    name: 'commandTemplateChanged',
    description: 'Saved commands that were made, changed or deleted, in order; resume by `afterSeq`',
    type: CommandTemplateChange,
    kind: 'TEMPLATE',
    action: 'commands.read',
    load: async (tx, ids) => withMissing(ids, await parts.templates.findMany(tx, ids)),
    toChange: ({ seq, thing: { id, found } }) => ({ seq, templateId: id, template: found && toTemplate(found) }),
  });
}
