/** Database roles: who they are, how they are made, and what a database gives them. */
export { LOGIN_ROLES, OWNER_ROLES, type LoginRole, type OwnerRole } from './roles.js';
export { forEachLoginRole, generateRolePasswords, roleUrl, type RolePasswords } from './role-passwords.js';
export { keepRolePasswords, readRolePasswords, rolePasswordsOf } from './role-password-file.js';
export { ensureRoles } from './ensure-roles.js';
export { grantDatabaseAccess, JOBS_SCHEMA, secureDatabase } from './secure-database.js';
