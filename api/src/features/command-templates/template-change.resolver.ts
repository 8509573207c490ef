import { Arg, Resolver, Root, Subscription } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { SafeInt } from '../../kernel/graphql/scalars.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { Change } from '../../kernel/streams/follow-changes.js';
import type { CommandTemplateService, TemplateState } from './command-template.service.js';
import { CommandTemplateChange, toTemplate } from './command-template.types.js';

/** Made for one service, because type-graphql calls `subscribe` without the resolver it belongs to. */
export function createTemplateChangeResolver(templates: CommandTemplateService): object {
  @Resolver()
  class TemplateChangeResolver {
    @Subscription(() => CommandTemplateChange, {
      description: 'Saved commands that were made, changed or deleted, in order; resume by `afterSeq`',
      subscribe: ({ args, context }) =>
        templates.follow(context as WorkspaceContext, (args as { afterSeq?: number | null }).afterSeq ?? null),
    })
    @Allow('commands.read')
    commandTemplateChanged(
      @Root() { seq, thing: { id, template } }: Change<TemplateState>,
      @Arg('afterSeq', () => SafeInt, {
        nullable: true,
        description: 'Resume after this change; from now on if not given',
      })
      _afterSeq?: number,
    ): CommandTemplateChange {
      return { seq, templateId: id, template: template && toTemplate(template) };
    }
  }
  return new TemplateChangeResolver();
}
