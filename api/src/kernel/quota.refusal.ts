import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from './authorisation/index.js';
import { Refusal } from './refusal.js';

/** What there may be only so many of. */
export enum Quota {
  API_TOKENS = 'API_TOKENS',
  COMMAND_TEMPLATES = 'COMMAND_TEMPLATES',
  INVITATIONS = 'INVITATIONS',
  OWNED_WORKSPACES = 'OWNED_WORKSPACES',
  SERVER_GRANTS = 'SERVER_GRANTS',
  SERVER_GROUPS = 'SERVER_GROUPS',
}

registerEnumType(Quota, {
  name: 'Quota',
  description: 'What there may be only so many of',
  valuesConfig: {
    API_TOKENS: { description: 'API tokens of a person in a workspace that still work' },
    COMMAND_TEMPLATES: { description: 'Saved commands of a workspace' },
    INVITATIONS: { description: 'Open invitations of a workspace' },
    OWNED_WORKSPACES: { description: 'Workspaces of which one person is an owner' },
    SERVER_GRANTS: { description: 'Grants of a member in a workspace' },
    SERVER_GROUPS: { description: 'Groups of a workspace' },
  },
});

const WORDS: Readonly<Record<Quota, (limit: number) => string>> = {
  API_TOKENS: (limit) => `You have ${limit} tokens in this workspace. Revoke one that is no longer used.`,
  COMMAND_TEMPLATES: (limit) => `A workspace may have ${limit} templates. Delete one first.`,
  INVITATIONS: (limit) => `${limit} invitations are open. Revoke one first.`,
  OWNED_WORKSPACES: (limit) => `You own ${limit} workspaces, and more are not possible.`,
  SERVER_GRANTS: (limit) => `This member has ${limit} grants. Revoke one first, or grant on a tag.`,
  SERVER_GROUPS: (limit) => `A workspace may have ${limit} groups. Delete one first, or use tags.`,
};

@ObjectType({ implements: Refusal, description: 'There are as many of these as there may be' })
@Allow('PARENT')
export class QuotaReached extends Refusal {
  override code = 'QUOTA_REACHED';
  override message: string;

  @Field(() => Quota, { description: 'What there are so many of' })
  quota: Quota;

  @Field(() => Int, { description: 'How many there may be' })
  limit: number;

  constructor(quota: Quota, limit: number) {
    super();
    this.quota = quota;
    this.limit = limit;
    this.message = WORDS[quota](limit);
  }
}
