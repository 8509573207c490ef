import { Extensions } from 'type-graphql';
import type { Action } from './actions.js';

const KEY = 'pilothouse.action';

/**
 * Names the action a field needs. On an object type, `PARENT` says that its fields show no more than the field that
 * returned it; a field may still name an action of its own. A field with neither keeps the api from starting.
 */
export function Allow(action: Action | 'PARENT'): MethodDecorator & PropertyDecorator & ClassDecorator {
  return Extensions({ [KEY]: action }) as MethodDecorator & PropertyDecorator & ClassDecorator;
}

/** The rule given to a type or field; undefined when none was. */
export function ruleIn(extensions: Readonly<Record<string, unknown>>): Action | 'PARENT' | undefined {
  return extensions[KEY] as Action | 'PARENT' | undefined;
}
