import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime } from '../../kernel/graphql/scalars.js';

export enum SessionClient {
  BROWSER = 'BROWSER',
  CLI = 'CLI',
}

registerEnumType(SessionClient, {
  name: 'SessionClient',
  description: 'What holds the session token',
  valuesConfig: {
    BROWSER: { description: 'A browser, in a cookie that scripts cannot read' },
    CLI: { description: 'A program, which sends it as bearer token' },
  },
});

@ObjectType({ description: 'A sign-in that has not ended' })
@Allow('PARENT')
export class Session {
  @Field(() => ID, { description: 'Id of the session' })
  id!: string;

  @Field(() => SessionClient, { description: 'What holds its token' })
  client!: SessionClient;

  @Field(() => Boolean, { description: 'Whether a second factor was given' })
  secondFactor!: boolean;

  @Field(() => DateTime, { description: 'When the person signed in' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'Last use, to the minute' })
  lastUsedAt!: Date;

  @Field(() => DateTime, { description: 'When it ends unless it is used before then' })
  expiresAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when what needs a fresh confirmation is possible; null when it is not',
  })
  steppedUpUntil!: Date | null;

  @Field(() => String, { description: 'Network address of the sign-in' })
  address!: string;

  @Field(() => String, { description: 'Program of the sign-in, as it named itself' })
  userAgent!: string;

  @Field(() => Boolean, { description: 'Whether it is the session that asks' })
  isCurrent!: boolean;
}

export const SessionConnection = connectionOf(Session, 'Session');

@InputType({ description: 'A session to be ended' })
export class RevokeSessionInput {
  @Field(() => ID, { description: 'The session' })
  sessionId!: string;
}

@ObjectType({ description: 'A session that has ended' })
@Allow('PARENT')
export class SessionRevoked {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}

@ObjectType({ description: 'Nobody is signed in any more' })
@Allow('PARENT')
export class SignedOut {
  @Field(() => Int, { description: 'How many sessions this has ended, this one included' })
  sessionsEnded!: number;
}
