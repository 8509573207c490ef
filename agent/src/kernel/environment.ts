import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

export const ENVIRONMENT_PREFIX = 'PILOTHOUSE_AGENT_';

const schema = z.object({
  XDG_CONFIG_HOME: z.string().startsWith('/').optional().catch(undefined),
  XDG_STATE_HOME: z.string().startsWith('/').optional().catch(undefined),
});

/** What the agent takes from its environment: its overrides, and where the user keeps configuration and state. */
export interface Environment {
  /** Variables with the agent's prefix, without it. */
  overrides: Readonly<Record<string, string>>;
  isRoot: boolean;
  defaultConfigPath: string;
  defaultStateDirectory: string;
}

/** The only reader of `process.env`. */
export function readEnvironment(
  variables: NodeJS.ProcessEnv = process.env,
  isRoot = process.getuid?.() === 0,
): Environment {
  const parsed = schema.parse(variables);
  const home = isRoot ? '/root' : homedir() || userInfo().homedir;
  const overrides = Object.entries(variables).flatMap(([name, value]) =>
    name.startsWith(ENVIRONMENT_PREFIX) && value ? [[name.slice(ENVIRONMENT_PREFIX.length), value] as const] : [],
  );
  return {
    overrides: Object.fromEntries(overrides),
    isRoot,
    defaultConfigPath: isRoot
      ? '/etc/pilothouse/agent.yaml'
      : join(parsed.XDG_CONFIG_HOME ?? join(home, '.config'), 'pilothouse', 'agent.yaml'),
    defaultStateDirectory: isRoot
      ? '/var/lib/pilothouse-agent'
      : join(parsed.XDG_STATE_HOME ?? join(home, '.local', 'state'), 'pilothouse-agent'),
  };
}

/** What systemd tells a service that it starts: see sd_notify(3) and systemd.exec(5). */
export interface ServiceEnvironment {
  /** Whether systemd wants to be told when the service is ready. */
  isNotified: boolean;
  /** Within this time the service has to show that it is alive, again and again; null where nobody watches. */
  watchdogMs: number | null;
  /** A directory that goes with the service. */
  runtimeDirectory: string | null;
}

export function readServiceEnvironment(
  variables: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
): ServiceEnvironment {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, RUNTIME_DIRECTORY } = variables;
  const isWatched = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === pid;
  const watchdogMs = Math.floor(Number(WATCHDOG_USEC) / 1000);
  return {
    isNotified: Boolean(NOTIFY_SOCKET),
    watchdogMs: isWatched && watchdogMs > 0 ? watchdogMs : null,
    runtimeDirectory: RUNTIME_DIRECTORY?.split(':')[0] || null,
  };
}

/** Whether npx has started this: its shell does not pass on a signal to end. */
export function isStartedByNpx(variables: NodeJS.ProcessEnv = process.env): boolean {
  return variables['npm_command'] === 'exec';
}
