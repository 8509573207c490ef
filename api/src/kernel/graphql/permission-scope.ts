import { ALL_SCOPES, SCOPES, type Scope } from '@pilothouse/protocol';
import { registerEnumType } from 'type-graphql';

/** A value of the protocol as clients see it. */
export const enumName = (value: string) => value.toUpperCase().replaceAll('-', '_');

/** Values are those of the protocol; clients see them in capitals. */
export const ScopeEnum = Object.fromEntries(ALL_SCOPES.map((scope) => [enumName(scope), scope])) as Record<
  string,
  Scope
>;

registerEnumType(ScopeEnum, {
  name: 'PermissionScope',
  description: 'Something the control plane may do on a server',
  valuesConfig: Object.fromEntries(
    ALL_SCOPES.map((scope) => [enumName(scope), { description: SCOPES[scope].description }]),
  ),
});
