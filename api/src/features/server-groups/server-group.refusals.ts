import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';
import { GROUP_LIMITS } from './server-group.rules.js';

@ObjectType({ implements: Refusal, description: 'A group of that name lies there already' })
@Allow('PARENT')
export class GroupNameTaken extends Refusal {
  @Field(() => String, { description: 'The name' })
  name!: string;

  static of(name: string): GroupNameTaken {
    const message = `A group named ${name} lies there already. Choose another name.`;
    return Object.assign(new GroupNameTaken(), { code: 'GROUP_NAME_TAKEN', message, name });
  }
}

@ObjectType({ implements: Refusal, description: 'The workspace has no group of that id' })
@Allow('PARENT')
export class GroupNotFound extends Refusal {
  @Field(() => ID, { description: 'The id that was given' })
  groupId!: string;

  static of(groupId: string): GroupNotFound {
    const message = 'The group to put it in was not found. It may have been deleted.';
    return Object.assign(new GroupNotFound(), { code: 'GROUP_NOT_FOUND', message, groupId });
  }
}

@ObjectType({ implements: Refusal, description: 'Groups would nest too deep' })
@Allow('PARENT')
export class GroupTooDeep extends Refusal {
  @Field(() => Int, { description: 'How many levels there may be' })
  limit!: number;

  static of(): GroupTooDeep {
    const limit = GROUP_LIMITS.maxDepth;
    const message = `Groups may nest ${limit} levels deep. Put it higher up.`;
    return Object.assign(new GroupTooDeep(), { code: 'GROUP_TOO_DEEP', message, limit });
  }
}

@ObjectType({ implements: Refusal, description: 'A group cannot lie in itself or in a group inside it' })
@Allow('PARENT')
export class GroupCycle extends Refusal {
  @Field(() => ID, { description: 'The group it was to lie in' })
  parentId!: string;

  static of(parentId: string): GroupCycle {
    const message = 'A group cannot lie in itself or in a group inside it.';
    return Object.assign(new GroupCycle(), { code: 'GROUP_CYCLE', message, parentId });
  }
}

@ObjectType({ implements: Refusal, description: 'The group still holds servers or groups' })
@Allow('PARENT')
export class GroupNotEmpty extends Refusal {
  @Field(() => Int, { description: 'Servers in it' })
  serverCount!: number;

  @Field(() => Int, { description: 'Groups in it' })
  groupCount!: number;

  static of(contents: { serverCount: number; groupCount: number }): GroupNotEmpty {
    const message = `It still holds ${contents.serverCount} servers and ${contents.groupCount} groups. Say where they shall go.`;
    return Object.assign(new GroupNotEmpty(), { code: 'GROUP_NOT_EMPTY', message, ...contents });
  }
}
