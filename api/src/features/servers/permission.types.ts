import { ALL_SCOPES, PERMISSION_PROFILES, SCOPES, type PermissionProfile, type Scope } from '@pilothouse/protocol';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { enumName, ScopeEnum } from '../../kernel/graphql/permission-scope.js';

/** The profile of a server whose scopes were chosen one by one. */
export const CUSTOM_PROFILE = 'custom';
export type ServerProfile = PermissionProfile | typeof CUSTOM_PROFILE;

const PROFILE_NAMES = Object.keys(PERMISSION_PROFILES) as PermissionProfile[];

/** Values are those of the protocol; clients see them in capitals. */
export const ProfileEnum = Object.fromEntries(
  [...PROFILE_NAMES, CUSTOM_PROFILE].map((profile) => [enumName(profile), profile]),
) as Record<string, ServerProfile>;
export enum ScopeRisk {
  LOW = 'low',
  HIGH = 'high',
}

registerEnumType(ProfileEnum, {
  name: 'PermissionProfileName',
  description: 'A named set of scopes',
  valuesConfig: {
    ...Object.fromEntries(
      PROFILE_NAMES.map((name) => [enumName(name), { description: PERMISSION_PROFILES[name].description }]),
    ),
    CUSTOM: { description: 'Scopes that were chosen one by one' },
  },
});
registerEnumType(ScopeRisk, {
  name: 'ScopeRisk',
  description: 'How much harm a scope can do',
  valuesConfig: {
    LOW: { description: 'It reads and changes nothing' },
    HIGH: { description: 'Whoever has it can change or take over the host' },
  },
});

@ObjectType({ description: 'A scope, and what granting it means' })
@Allow('PARENT')
export class ScopeDetails {
  @Field(() => ScopeEnum, { description: 'The scope' })
  scope!: Scope;

  @Field(() => ScopeRisk, { description: 'How much harm it can do' })
  risk!: ScopeRisk;

  @Field(() => String, { description: 'What it allows' })
  description!: string;
}

@ObjectType({ description: 'A set of scopes offered when a server is added' })
@Allow('PARENT')
export class PermissionProfileDetails {
  @Field(() => ProfileEnum, { description: 'The profile' })
  profile!: ServerProfile;

  @Field(() => String, { description: 'What it is for' })
  description!: string;

  @Field(() => [ScopeDetails], { description: 'What it grants' })
  scopes!: ScopeDetails[];
}

const detailsOf = (scope: Scope): ScopeDetails => ({
  scope,
  risk: SCOPES[scope].risk as ScopeRisk,
  description: SCOPES[scope].description,
});

export const SCOPE_DETAILS: readonly ScopeDetails[] = ALL_SCOPES.map(detailsOf);
export const PROFILE_DETAILS: readonly PermissionProfileDetails[] = PROFILE_NAMES.map((profile) => ({
  profile,
  description: PERMISSION_PROFILES[profile].description,
  scopes: PERMISSION_PROFILES[profile].scopes.map(detailsOf),
}));
