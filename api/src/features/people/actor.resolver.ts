import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { Actor } from './actor.types.js';
import type { PersonDirectory } from './person.directory.js';
import { Person } from './person.types.js';

@Resolver(() => Actor)
export class ActorResolver {
  constructor(private readonly people: PersonDirectory) {}

  @FieldResolver(() => Person, {
    nullable: true,
    description:
      'The person, also behind an API token; null for agents and jobs, and when they have left the workspace',
  })
  @Allow('PARENT')
  person(@Root() actor: Actor, @Ctx() ctx: RequestContext): Promise<Person | null> {
    return this.people.behind(ctx, actor.id);
  }
}
