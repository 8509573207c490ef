import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { variablesOf, type Environment } from '../../kernel/environment.js';
import { isLoopbackHost } from '../../kernel/loopback.js';
import type { Launch } from './child-program.js';
import type { Endpoint } from './endpoint.js';
import type { Programs } from './programs.js';

/** What the children are started with is decided from this. */
export interface Situation {
  programs: Programs;
  environment: Environment;
  /** PATH, HOME and the like, see `hostVariables`. */
  hostVariables: Readonly<Record<string, string>>;
  stateDir: string;
  endpoint: Endpoint;
  dashboardPort: number;
  /** The database as its administrator; a child is told where it is, never the password. */
  database: { readonly adminUrl: string };
}

export function launchApi(situation: Situation): Launch {
  const { programs, environment, hostVariables, stateDir, endpoint, dashboardPort, database } = situation;
  const asDecided: Environment = {
    ...environment,
    stateDirectory: stateDir,
    listen: { host: endpoint.host, port: endpoint.port },
    publicUrl: endpoint.origin,
    databaseUrl: withoutCredentials(database.adminUrl),
    dashboardHost: '127.0.0.1',
    dashboardPort,
    allowedOrigins: [...environment.allowedOrigins, ...namesake(endpoint)],
    tls: endpoint.tls,
    // The child works in another directory.
    proxyCertificateFile: environment.proxyCertificateFile && resolve(environment.proxyCertificateFile),
  };
  const variables = { ...hostVariables, ...variablesOf(asDecided) };
  return node(programs, programs.api, { variables, cwd: stateDir });
}

/** The dashboard's process gets nothing of ours: no database, no key, no variable of the operator's (S-31). */
export function launchDashboard({ programs, hostVariables, dashboardPort }: Situation): Launch {
  const { PATH = '', TZ = 'UTC' } = hostVariables;
  const variables = {
    PATH,
    TZ,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    HOSTNAME: '127.0.0.1',
    PORT: String(dashboardPort),
  };
  return node(programs, programs.dashboard, { variables, cwd: dirname(programs.dashboard) });
}

export function launchAgent({ programs, hostVariables }: Situation, configFile: string): Launch {
  const args = [programs.agent, 'run', '--config', configFile];
  return node(programs, args, { variables: hostVariables, cwd: '/' });
}

function node({ endWithParent }: Programs, program: string | string[], rest: Omit<Launch, 'args'>): Launch {
  return { args: ['--disable-proto=delete', '--import', pathToFileURL(endWithParent).href].concat(program), ...rest };
}

/** Server and database only: each role adds its own name and password. */
function withoutCredentials(url: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

/** A person at this machine types `localhost` as readily as 127.0.0.1. */
function namesake({ host, port, tls }: Endpoint): string[] {
  return isLoopbackHost(host) ? [`${tls ? 'https' : 'http'}://localhost:${port}`] : [];
}
