import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';
import { Refusal } from '../../kernel/refusal.js';
import { Person } from './person.types.js';

export enum ApiTokenScope {
  READ = 'READ',
  RUN = 'RUN',
  MANAGE = 'MANAGE',
}

registerEnumType(ApiTokenScope, {
  name: 'ApiTokenScope',
  description: 'What an API token may be used for; never more than its person may do at the time',
  valuesConfig: {
    READ: { description: 'See what its person sees' },
    RUN: { description: 'Run commands' },
    MANAGE: { description: 'Change servers, groups, templates and the workspace' },
  },
});

@ObjectType({ description: 'A token with which a program acts for a person in one workspace' })
@Allow('PARENT')
export class ApiToken {
  @Field(() => ID, { description: 'Id of the token' })
  id!: string;

  @Field(() => String, { description: 'Name given by its person' })
  name!: string;

  @Field(() => String, { description: 'Last characters of the token, to recognise it by' })
  hint!: string;

  @Field(() => [ApiTokenScope], { description: 'What it may be used for' })
  scopes!: ApiTokenScope[];

  @Field(() => Person, { description: 'For whom it acts' })
  person!: Person;

  @Field(() => DateTime, { description: 'When it was made' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it ends; null when it does not end by itself' })
  expiresAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Last use, to the minute; null when it was never used' })
  lastUsedAt!: Date | null;
}

export const ApiTokenConnection = connectionOf(ApiToken, 'ApiToken');

@InputType({ description: 'A new API token' })
export class CreateApiTokenInput {
  @Field(() => String, { description: 'Name to recognise it by' })
  name!: string;

  @Field(() => [ApiTokenScope], { description: 'What it may be used for' })
  scopes!: ApiTokenScope[];

  @Field(() => Int, { nullable: true, description: 'Days until it ends, 1 to 366; it does not end by itself without' })
  expiresInDays?: number | null;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@ObjectType({ description: 'A new API token' })
@Allow('PARENT')
export class ApiTokenCreated {
  @Field(() => ApiToken, { description: 'The token as it is listed' })
  apiToken!: ApiToken;

  @Field(() => String, { description: 'The token itself; shown this once' })
  token!: string;
}

@ObjectType({
  implements: Refusal,
  description: 'A token was made with this idempotency key; it cannot be shown again',
})
@Allow('PARENT')
export class ApiTokenAlreadyMade extends Refusal {
  override code = 'API_TOKEN_ALREADY_MADE';
  override message = 'A token was made with this key already. Revoke that one and ask again with a new key.';

  @Field(() => ID, { description: 'Id of the token that was made' })
  apiTokenId: string;

  constructor(apiTokenId: string) {
    super();
    this.apiTokenId = apiTokenId;
  }
}

@InputType({ description: 'An API token to be ended' })
export class RevokeApiTokenInput {
  @Field(() => ID, { description: 'The token' })
  apiTokenId!: string;
}

@ObjectType({ description: 'An API token that has ended' })
@Allow('PARENT')
export class ApiTokenRevoked {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}
