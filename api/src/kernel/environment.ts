import { DATABASE_SECRETS, databaseSettings, withSecretsFromFiles } from '@pilothouse/db/settings';
import { z } from 'zod';
import { ProxyAddresses } from './client-address.js';

const port = z.coerce.number().int().min(0).max(65_535);

/** The kernel takes 107 bytes; the signer binds under a longer name first. */
const MAX_SOCKET_PATH_LENGTH = 90;

/** What holds a password. Each may instead be named as the file that holds it, see `withSecretsFromFiles`. */
const SECRETS = [...DATABASE_SECRETS, 'PILOTHOUSE_REDIS_URL', 'PILOTHOUSE_METRICS_TOKEN'];

/** The api's environment. README holds the table for operators. */
const environmentSchema = z.object({
  ...databaseSettings,
  PILOTHOUSE_LISTEN: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^:[\]]+):\d{1,5}$/, 'must be ADDRESS:PORT')
    .refine((text) => port.safeParse(text.slice(text.lastIndexOf(':') + 1)).success, 'has no port from 0 to 65535')
    .default('127.0.0.1:7700'),
  PILOTHOUSE_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  PILOTHOUSE_SIGNER_SOCKET: z
    .string()
    .startsWith('/', 'is not an absolute path')
    .max(MAX_SOCKET_PATH_LENGTH)
    .optional(),
  PILOTHOUSE_REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  PILOTHOUSE_JOBS_BACKEND: z.enum(['postgresql', 'redis']).optional(),
  PILOTHOUSE_JOBS_PROCESS: z.enum(['api', 'own']).default('api'),
  PILOTHOUSE_METRICS_TOKEN: z.string().min(16, 'is shorter than 16 characters').optional(),
  PILOTHOUSE_TLS_CERT: z.string().optional(),
  PILOTHOUSE_TLS_KEY: z.string().optional(),
  PILOTHOUSE_INSECURE_HTTP: z.literal('1').optional(),
  PILOTHOUSE_ALLOWED_ORIGINS: z.string().default(''),
  PILOTHOUSE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  PILOTHOUSE_DASHBOARD_HOST: z.string().min(1).default('127.0.0.1'),
  PILOTHOUSE_DASHBOARD_PORT: port.optional(),
  PILOTHOUSE_PROXY_CERT: z.string().default(''),
  PILOTHOUSE_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((range) => range !== ''))
    .refine((ranges) => ranges.every(ProxyAddresses.isRange), 'is not a list of addresses or networks (10.0.0.0/24)'),
  NODE_ENV: z.string().optional(),
});

export interface Environment {
  stateDirectory: string;
  listen: { host: string; port: number };
  publicUrl: string | null;
  databaseUrl: string | null;
  /** The passwords of the database's roles; null: in the state directory. */
  databaseRolesFile: string | null;
  /** Where the signer listens that is a process of its own; null: the api signs in its own. */
  signerSocket: string | null;
  /** Shared by the replicas; null where there is one. */
  redisUrl: string | null;
  /** Opens the figures at `/metrics` to whoever shows it; null: to this machine only. */
  metricsToken: string | null;
  /** Where jobs are queued. */
  jobsBackend: 'postgresql' | 'redis';
  /** Whether jobs run in the api's process, or in their own only. */
  jobsProcess: 'api' | 'own';
  tls: { certificateFile: string; keyFile: string } | null;
  insecureHttp: boolean;
  allowedOrigins: string[];
  logLevel: string;
  dashboardHost: string;
  dashboardPort: number | null;
  /** Certificate that the reverse proxy shows, where hosts should pin it; null: a public authority vouches for it. */
  proxyCertificateFile: string | null;
  /** Reverse proxies that are believed whom they ask for: addresses and networks. */
  trustedProxies: string[];
  development: boolean;
}

/** Reads and checks the environment. @throws an error that names every wrong variable. */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const parsed = environmentSchema.safeParse(withSecretsFromFiles(source, SECRETS));
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The environment is wrong.\n${lines.join('\n')}`);
  }
  const env = parsed.data;
  if ((env.PILOTHOUSE_TLS_CERT === undefined) !== (env.PILOTHOUSE_TLS_KEY === undefined)) {
    throw new Error('PILOTHOUSE_TLS_CERT and PILOTHOUSE_TLS_KEY belong together.');
  }
  if (env.PILOTHOUSE_JOBS_BACKEND === 'redis' && env.PILOTHOUSE_REDIS_URL === undefined) {
    throw new Error('PILOTHOUSE_JOBS_BACKEND is redis: PILOTHOUSE_REDIS_URL must say which.');
  }
  const separator = env.PILOTHOUSE_LISTEN.lastIndexOf(':');
  return {
    stateDirectory: env.PILOTHOUSE_STATE_DIR,
    listen: {
      host: env.PILOTHOUSE_LISTEN.slice(0, separator).replace(/^\[|\]$/g, ''),
      port: port.parse(env.PILOTHOUSE_LISTEN.slice(separator + 1)),
    },
    publicUrl: env.PILOTHOUSE_PUBLIC_URL ?? null,
    databaseUrl: env.PILOTHOUSE_DATABASE_URL ?? null,
    databaseRolesFile: env.PILOTHOUSE_DATABASE_ROLES_FILE ?? null,
    signerSocket: env.PILOTHOUSE_SIGNER_SOCKET ?? null,
    redisUrl: env.PILOTHOUSE_REDIS_URL ?? null,
    metricsToken: env.PILOTHOUSE_METRICS_TOKEN ?? null,
    jobsBackend: env.PILOTHOUSE_JOBS_BACKEND ?? (env.PILOTHOUSE_REDIS_URL === undefined ? 'postgresql' : 'redis'),
    jobsProcess: env.PILOTHOUSE_JOBS_PROCESS,
    tls:
      env.PILOTHOUSE_TLS_CERT !== undefined && env.PILOTHOUSE_TLS_KEY !== undefined
        ? { certificateFile: env.PILOTHOUSE_TLS_CERT, keyFile: env.PILOTHOUSE_TLS_KEY }
        : null,
    insecureHttp: env.PILOTHOUSE_INSECURE_HTTP === '1',
    allowedOrigins: env.PILOTHOUSE_ALLOWED_ORIGINS.split(',').filter((origin) => origin !== ''),
    logLevel: env.PILOTHOUSE_LOG_LEVEL,
    dashboardHost: env.PILOTHOUSE_DASHBOARD_HOST,
    dashboardPort: env.PILOTHOUSE_DASHBOARD_PORT ?? null,
    proxyCertificateFile: env.PILOTHOUSE_PROXY_CERT || null,
    trustedProxies: env.PILOTHOUSE_TRUSTED_PROXIES,
    development: env.NODE_ENV === 'development',
  };
}

/** The variables from which `readEnvironment` reads the same again: for a child process, which is not given the files. */
export function variablesOf(environment: Environment): Record<string, string> {
  const { host, port: listenPort } = environment.listen;
  const variables: Record<string, string | null> = {
    PILOTHOUSE_STATE_DIR: environment.stateDirectory,
    PILOTHOUSE_LISTEN: `${host.includes(':') ? `[${host}]` : host}:${listenPort}`,
    PILOTHOUSE_PUBLIC_URL: environment.publicUrl,
    PILOTHOUSE_DATABASE_URL: environment.databaseUrl,
    PILOTHOUSE_DATABASE_ROLES_FILE: environment.databaseRolesFile,
    PILOTHOUSE_SIGNER_SOCKET: environment.signerSocket,
    PILOTHOUSE_REDIS_URL: environment.redisUrl,
    PILOTHOUSE_METRICS_TOKEN: environment.metricsToken,
    PILOTHOUSE_JOBS_BACKEND: environment.jobsBackend,
    PILOTHOUSE_JOBS_PROCESS: environment.jobsProcess,
    PILOTHOUSE_TLS_CERT: environment.tls?.certificateFile ?? null,
    PILOTHOUSE_TLS_KEY: environment.tls?.keyFile ?? null,
    PILOTHOUSE_INSECURE_HTTP: environment.insecureHttp ? '1' : null,
    PILOTHOUSE_ALLOWED_ORIGINS: environment.allowedOrigins.join(','),
    PILOTHOUSE_LOG_LEVEL: environment.logLevel,
    PILOTHOUSE_DASHBOARD_HOST: environment.dashboardHost,
    PILOTHOUSE_DASHBOARD_PORT: environment.dashboardPort === null ? null : String(environment.dashboardPort),
    PILOTHOUSE_PROXY_CERT: environment.proxyCertificateFile,
    PILOTHOUSE_TRUSTED_PROXIES: environment.trustedProxies.join(','),
    NODE_ENV: environment.development ? 'development' : 'production',
  };
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== null));
}

const HOST_VARIABLES = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
];

/** For npm, which is told its registry and proxy by variables of its own. */
export function npmVariables(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const meant = Object.entries(source).filter(([name]) => /^(npm_config_|https?_proxy$|no_proxy$)/i.test(name));
  return { ...hostVariables(source), ...(Object.fromEntries(meant) as Record<string, string>) };
}

/** What a program needs of the machine it runs on. Child processes get this and what is meant for them, nothing else. */
export function hostVariables(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return Object.fromEntries(
    HOST_VARIABLES.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]] as const])),
  );
}
