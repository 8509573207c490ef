import { z } from 'zod';
import { DATABASE_SECRETS, databaseSettings, withSecretsFromFiles } from '../settings/index.js';

const schema = z.object({
  ...databaseSettings,
  /** A running server whose superuser may make test databases; without it every test run starts its own. */
  PILOTHOUSE_TEST_POSTGRES_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** The same of a server that loads TimescaleDB, for the tests that need it. */
  PILOTHOUSE_TEST_TIMESCALE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
});

export interface Environment {
  databaseUrl: string | undefined;
  /** The passwords of the database's roles; undefined: in the state directory. */
  databaseRolesFile: string | undefined;
  stateDir: string;
  testPostgresAdminUrl: string | undefined;
  testTimescaleUrl: string | undefined;
}

/** @throws with one line for each variable that is wrong */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const parsed = schema.safeParse(withSecretsFromFiles(variables, DATABASE_SECRETS));
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`The environment is not usable:\n${lines.join('\n')}`);
  }
  return {
    databaseUrl: parsed.data.PILOTHOUSE_DATABASE_URL,
    databaseRolesFile: parsed.data.PILOTHOUSE_DATABASE_ROLES_FILE,
    stateDir: parsed.data.PILOTHOUSE_STATE_DIR,
    testPostgresAdminUrl: parsed.data.PILOTHOUSE_TEST_POSTGRES_ADMIN_URL,
    testTimescaleUrl: parsed.data.PILOTHOUSE_TEST_TIMESCALE_URL,
  };
}
