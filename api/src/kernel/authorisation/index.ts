/** Who may do what: one typed table of actions, enforced before every field of the schema. */
export { ACTIONS, type Action } from './actions.js';
export { Allow } from './allow.js';
export { authorise, isSteppedUp, mayOnServer } from './authorise.js';
export { actionOf, enforceAuthorisation } from './enforce.js';
export { atLeast, ROLES, TOKEN_SCOPES, type Grant, type Role, type TokenScope } from './roles.js';
