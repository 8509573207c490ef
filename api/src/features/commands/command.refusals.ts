import { COMMAND_LIMITS, RUN_LIMITS, type Scope } from '@pilothouse/protocol';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { ScopeEnum } from '../../kernel/graphql/permission-scope.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({
  implements: Refusal,
  description: 'The server is offline and the command was not to wait for its return',
})
@Allow('PARENT')
export class AgentOffline extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of(server: { id: string; name: string }): AgentOffline {
    return Object.assign(new AgentOffline(), {
      code: 'AGENT_OFFLINE',
      message: `${server.name} is offline, and the command was not to wait for its return.`,
      serverId: server.id,
    });
  }
}

@ObjectType({ implements: Refusal, description: 'The server cannot take commands: not enrolled yet, or revoked' })
@Allow('PARENT')
export class ServerNotReady extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of(server: { id: string; name: string; revoked: boolean }): ServerNotReady {
    const message = server.revoked
      ? `${server.name} was revoked and takes no commands.`
      : `${server.name} has not been enrolled yet. Install its agent first.`;
    return Object.assign(new ServerNotReady(), { code: 'SERVER_NOT_READY', message, serverId: server.id });
  }
}

@ObjectType({ implements: Refusal, description: 'The server’s permissions do not include what the command needs' })
@Allow('PARENT')
export class ScopeMissing extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => [ScopeEnum], { description: 'The scopes that are missing' })
  missingScopes!: Scope[];

  static of(server: { id: string; name: string }, missingScopes: readonly Scope[]): ScopeMissing {
    return Object.assign(new ScopeMissing(), {
      code: 'SCOPE_MISSING',
      message: `${server.name} does not grant ${missingScopes.join(', ')}. An admin can change its permissions.`,
      serverId: server.id,
      missingScopes: [...missingScopes],
    });
  }
}

@ObjectType({ implements: Refusal, description: 'The server’s queue is full' })
@Allow('PARENT')
export class QueueFull extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => Int, { description: 'How many commands may wait for one server' })
  limit!: number;

  static of(server: { id: string; name: string }): QueueFull {
    const limit = COMMAND_LIMITS.maxQueuedPerServer;
    return Object.assign(new QueueFull(), {
      code: 'QUEUE_FULL',
      message: `${limit} commands already wait for ${server.name}. Cancel some or let them finish.`,
      serverId: server.id,
      limit,
    });
  }
}

@ObjectType({ implements: Refusal, description: 'The command has already ended' })
@Allow('PARENT')
export class AlreadyFinished extends Refusal {
  @Field(() => ID, { description: 'The command or run' })
  subjectId!: string;

  static of(subjectId: string, state: string): AlreadyFinished {
    return Object.assign(new AlreadyFinished(), {
      code: 'ALREADY_FINISHED',
      message: `It has already ended as ${state.toLowerCase()}.`,
      subjectId,
    });
  }
}

@ObjectType({ implements: Refusal, description: 'No server would receive the command' })
@Allow('PARENT')
export class NoTargets extends Refusal {
  @Field(() => Int, { description: 'Servers left out because they are offline' })
  offlineCount!: number;

  static of(offlineCount: number): NoTargets {
    const message =
      offlineCount > 0
        ? `${offlineCount === 1 ? 'The chosen server is' : `All ${offlineCount} chosen servers are`} offline, and the command was not to wait.`
        : 'No server that you may run commands on is chosen.';
    return Object.assign(new NoTargets(), { code: 'NO_TARGETS', message, offlineCount });
  }
}

@ObjectType({ implements: Refusal, description: 'More servers than one run may have' })
@Allow('PARENT')
export class TooManyTargets extends Refusal {
  @Field(() => Int, { description: 'How many servers one run may have' })
  limit!: number;

  static of(count: number): TooManyTargets {
    const limit = RUN_LIMITS.maxServers;
    const message = `${count} servers are chosen; one run may have ${limit}. Split it by tag or group.`;
    return Object.assign(new TooManyTargets(), { code: 'TOO_MANY_TARGETS', message, limit });
  }
}
