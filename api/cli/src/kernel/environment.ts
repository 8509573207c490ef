import { homedir } from 'node:os';
import { join } from 'node:path';
// zod/mini: the same checks for half the loading time, which every invocation pays.
import * as z from 'zod/mini';
import { CliError, EXIT } from './cli-error.js';

const environmentSchema = z.object({
  PILOTHOUSE_URL: z.optional(z.string()),
  PILOTHOUSE_TOKEN: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_~+/.-]{1,512}$/))),
  PILOTHOUSE_INSECURE_HTTP: z.optional(z.enum(['0', '1'])),
  XDG_CONFIG_HOME: z.optional(z.string()),
  NO_COLOR: z.optional(z.string()),
});

/** How this program was called, for the lines that people are told to type: npx says that it is there by this variable. */
export const CALLED = process.env.npm_command === 'exec' ? 'npx pilothouse' : 'pilothouse';

export interface Environment {
  /** Address of the control plane; null: the one signed in to last. */
  url: string | null;
  /** Session or API token, in place of a stored one. */
  token: string | null;
  /** Whether a token may travel over plain HTTP beyond this machine. */
  insecureHttp: boolean;
  /** Where this program keeps its files. */
  configDirectory: string;
  noColour: boolean;
}

/** What this program takes from its environment; an empty variable counts as unset. @throws CliError */
export function readEnvironment(): Environment {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0] ?? 'The environment');
    throw new CliError(`${name} does not hold a value that makes sense. Correct it or unset it.`, EXIT.usage);
  }
  const { PILOTHOUSE_URL, PILOTHOUSE_TOKEN, PILOTHOUSE_INSECURE_HTTP, XDG_CONFIG_HOME, NO_COLOR } = parsed.data;
  return {
    url: PILOTHOUSE_URL ?? null,
    token: PILOTHOUSE_TOKEN ?? null,
    insecureHttp: PILOTHOUSE_INSECURE_HTTP === '1',
    configDirectory: join(XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'pilothouse'),
    noColour: NO_COLOR !== undefined,
  };
}
