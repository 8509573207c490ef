import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { toConnection } from '../../kernel/graphql/connection.js';
import { Refusal } from '../../kernel/refusal.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { CommandTemplateService } from './command-template.service.js';
import {
  CommandTemplate,
  CommandTemplateConnection,
  CommandTemplateDeleted,
  CommandTemplatesArgs,
  CreateCommandTemplateInput,
  CreateCommandTemplateResult,
  DeleteCommandTemplateInput,
  DeleteCommandTemplateResult,
  toTemplate,
  UpdateCommandTemplateInput,
  UpdateCommandTemplateResult,
} from './command-template.types.js';

@Resolver()
export class CommandTemplateResolver {
  constructor(private readonly templates: CommandTemplateService) {}

  @Query(() => CommandTemplateConnection, { description: 'The saved commands of the workspace by name' })
  @Allow('commands.read')
  async commandTemplates(
    @Args(() => CommandTemplatesArgs) { first, after, filter }: CommandTemplatesArgs,
    @Ctx() ctx: WorkspaceContext,
  ) {
    return toConnection(await this.templates.list(ctx, { first, after, search: filter?.search }), toTemplate);
  }

  @Query(() => CommandTemplate, { description: 'One saved command' })
  @Allow('commands.read')
  async commandTemplate(
    @Arg('id', () => ID, { description: 'The template' }) id: string,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<CommandTemplate> {
    return toTemplate(await this.templates.get(ctx, id));
  }

  @Mutation(() => CreateCommandTemplateResult, { description: 'Saves a command under a name' })
  @Allow('templates.write')
  async createCommandTemplate(
    @Arg('input', () => CreateCommandTemplateInput, { description: 'The template' }) input: CreateCommandTemplateInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof CreateCommandTemplateResult> {
    const made = await this.templates.create(ctx, input);
    return made instanceof Refusal ? made : toTemplate(made);
  }

  @Mutation(() => UpdateCommandTemplateResult, { description: 'Changes a saved command' })
  @Allow('templates.write')
  async updateCommandTemplate(
    @Arg('input', () => UpdateCommandTemplateInput, { description: 'What to change' })
    input: UpdateCommandTemplateInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof UpdateCommandTemplateResult> {
    const changed = await this.templates.update(ctx, input);
    return changed instanceof Refusal ? changed : toTemplate(changed);
  }

  @Mutation(() => DeleteCommandTemplateResult, {
    description: 'Deletes a saved command; what was run from it stays in the history',
  })
  @Allow('templates.write')
  async deleteCommandTemplate(
    @Arg('input', () => DeleteCommandTemplateInput, { description: 'Which' })
    { templateId }: DeleteCommandTemplateInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof DeleteCommandTemplateResult> {
    return Object.assign(new CommandTemplateDeleted(), await this.templates.delete(ctx, templateId));
  }
}
