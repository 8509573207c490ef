import { z } from 'zod';

/** Variables for a zod object. README holds the table for operators. */
export const databaseSettings = {
  /** Administrator's URL of a database of the operator's own; without it the embedded one is used. */
  PILOTHOUSE_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** The passwords of its roles; without it they are kept in the state directory. */
  PILOTHOUSE_DATABASE_ROLES_FILE: z.string().startsWith('/', 'is not an absolute path').optional(),
  PILOTHOUSE_STATE_DIR: z.string().min(1).default('.pilothouse'),
};

/** Those that hold a password. */
export const DATABASE_SECRETS = ['PILOTHOUSE_DATABASE_URL'] as const;
