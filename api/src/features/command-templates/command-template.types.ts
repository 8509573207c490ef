import { ArgsType, Field, ID, InputType, Int, ObjectType, createUnionType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf, PageArgs } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';
import { QuotaReached } from '../../kernel/quota.refusal.js';
import { CommandProgram, SavedCommandInput } from '../commands/index.js';
import { Actor, ActorKind } from '../people/index.js';
import { TEMPLATE_LIMITS } from './command-template.limits.js';
import { TemplateEnvironmentNeeded, TemplateNameTaken } from './command-template.refusals.js';
import type { TemplateRecord } from './command-template.repository.js';

@ObjectType({ description: 'A command that is saved to be run again' })
@Allow('PARENT')
export class CommandTemplate {
  @Field(() => ID, { description: 'Opaque id' })
  id!: string;

  @Field(() => String, { description: 'Name, unique in the workspace; capitals and small letters count as the same' })
  name!: string;

  @Field(() => String, { description: 'What it is for; may be empty' })
  description!: string;

  @Field(() => CommandProgram, { description: 'What is executed' })
  program!: CommandProgram;

  @Field(() => SafeInt, { description: 'Time-out in milliseconds' })
  timeoutMs!: number;

  @Field(() => Int, { description: 'Higher starts first' })
  priority!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'It starts only while fewer than this many commands run; null for the server’s own limit',
  })
  concurrency!: number | null;

  @Field(() => Boolean, { description: 'May be run again after an interruption whose outcome is unknown' })
  idempotent!: boolean;

  @Field(() => Actor, { description: 'Who made it' })
  createdBy!: Actor;

  @Field(() => DateTime, { description: 'When it was made' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed' })
  updatedAt!: Date;
}

export const CommandTemplateConnection = connectionOf(CommandTemplate, 'CommandTemplate');

@ObjectType({ description: 'A change of a template' })
@Allow('PARENT')
export class CommandTemplateChange {
  @Field(() => SafeInt, { description: 'Number of the change in its workspace; resume after it' })
  seq!: number;

  @Field(() => ID, { description: 'The template' })
  templateId!: string;

  @Field(() => CommandTemplate, { nullable: true, description: 'The template as it is now; null once it is deleted' })
  template!: CommandTemplate | null;
}

@InputType({ description: 'Which templates' })
export class CommandTemplateFilterInput {
  @Field(() => String, {
    nullable: true,
    description: `Name or description contain this; at most ${TEMPLATE_LIMITS.maxSearchCharacters} characters`,
  })
  search?: string | null;
}

@ArgsType()
export class CommandTemplatesArgs extends PageArgs {
  @Field(() => CommandTemplateFilterInput, { nullable: true, description: 'Which templates; none: all' })
  filter?: CommandTemplateFilterInput | null;
}

@InputType({ description: 'A new template' })
export class CreateCommandTemplateInput {
  @Field(() => String, { description: 'Name, 1 to 100 characters' })
  name!: string;

  @Field(() => String, { defaultValue: '', description: 'What it is for, at most 1,000 characters' })
  description!: string;

  @Field(() => SavedCommandInput, { description: 'What to execute' })
  command!: SavedCommandInput;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType({ description: 'What to change of a template; what is left out stays' })
export class UpdateCommandTemplateInput {
  @Field(() => ID, { description: 'The template' })
  templateId!: string;

  @Field(() => String, { nullable: true, description: 'Name, 1 to 100 characters' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'What it is for, at most 1,000 characters' })
  description?: string | null;

  @Field(() => SavedCommandInput, {
    nullable: true,
    description:
      'What to execute, in place of all that was. An environment that is left out stays while program, directory and user do.',
  })
  command?: SavedCommandInput | null;
}

@InputType({ description: 'A template to be deleted' })
export class DeleteCommandTemplateInput {
  @Field(() => ID, { description: 'The template' })
  templateId!: string;
}

@ObjectType({ description: 'A template that is gone' })
@Allow('PARENT')
export class CommandTemplateDeleted {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}

export const CreateCommandTemplateResult = createUnionType({
  name: 'CreateCommandTemplateResult',
  description: 'The template, or why it was not made',
  types: () => [CommandTemplate, TemplateNameTaken, QuotaReached] as const,
});

export const UpdateCommandTemplateResult = createUnionType({
  name: 'UpdateCommandTemplateResult',
  description: 'The template, or why it was not changed',
  types: () => [CommandTemplate, TemplateNameTaken, TemplateEnvironmentNeeded] as const,
});

export const DeleteCommandTemplateResult = createUnionType({
  name: 'DeleteCommandTemplateResult',
  description: 'That the template is gone',
  types: () => [CommandTemplateDeleted] as const,
});

/** A template as the API shows it: never a value of its environment. */
export function toTemplate({
  command,
  sortKey: _,
  sealedContent: __,
  createdBy,
  ...row
}: TemplateRecord): CommandTemplate {
  const { argv, script, interpreter, workingDirectory, user, environmentNames, ...options } = command;
  const program = { argv, script, interpreter, workingDirectory, user, environmentNames, hasStdin: false };
  return Object.assign(new CommandTemplate(), row, options, {
    program,
    createdBy: { kind: ActorKind.USER, id: createdBy },
  });
}
