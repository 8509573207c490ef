import { Field, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({ implements: Refusal, description: 'The workspace has a template of that name already' })
@Allow('PARENT')
export class TemplateNameTaken extends Refusal {
  @Field(() => String, { description: 'The name' })
  name!: string;

  static of(name: string): TemplateNameTaken {
    const message = `A template named ${name} exists already. Choose another name.`;
    return Object.assign(new TemplateNameTaken(), { code: 'TEMPLATE_NAME_TAKEN', message, name });
  }
}

@ObjectType({
  implements: Refusal,
  description: 'What is executed would change under an environment whose values nobody can see: give it anew',
})
@Allow('PARENT')
export class TemplateEnvironmentNeeded extends Refusal {
  @Field(() => [String], { description: 'Names of the variables that are kept' })
  environmentNames!: string[];

  static of(environmentNames: readonly string[]): TemplateEnvironmentNeeded {
    const message = `Another command would get the values of ${environmentNames.join(', ')}. Give the environment anew, or null to drop it.`;
    return Object.assign(new TemplateEnvironmentNeeded(), {
      code: 'TEMPLATE_ENVIRONMENT_NEEDED',
      message,
      environmentNames,
    });
  }
}
