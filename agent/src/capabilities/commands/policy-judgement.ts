import { basename, normalize } from 'node:path';
import { userInfo } from 'node:os';
import type { CommandIntent } from '@pilothouse/protocol';
import type { HostPolicyReading } from '../../kernel/host-policy.js';

/** Who the agent is on this host; injected where a test plays another user. */
export interface AgentUser {
  name: string;
  isRoot: boolean;
}

export function currentAgentUser(): AgentUser {
  const { username, uid } = userInfo();
  return { name: username, isRoot: uid === 0 };
}

/**
 * Why this host does not let a command run; null when it does.
 *
 * `blockedPrograms` looks at the program that is named, not at what it then starts: it guards against mistakes. Against
 * intent only `shell: false`, `exec: false` and the agent's own user help.
 */
export function judgeByPolicy(
  { arguments: { program, user }, limits }: CommandIntent,
  reading: HostPolicyReading,
  agent: AgentUser,
): string | null {
  if (!reading.ok) return reading.problem;
  const { policy } = reading;
  if (program.type === 'argv' && !policy.exec) return 'The host policy allows no programs to be run';
  if (program.type === 'script' && !policy.shell) return 'The host policy allows no shell scripts';
  if (policy.maxTimeoutMs !== null && limits.timeoutMs > policy.maxTimeoutMs) {
    return `The host policy allows a time-out of ${policy.maxTimeoutMs / 1000} s at most`;
  }
  if (program.type === 'argv') {
    const name = program.argv[0] as string;
    if (policy.blockedPrograms.some((entry) => namesProgram(entry, name)))
      return `The host policy blocks the program ${name}`;
  }
  return judgeUser(user, policy.runAs, agent);
}

/** Two paths must be equal; a bare name stands for every program of that name. */
function namesProgram(entry: string, program: string): boolean {
  const bothArePaths = entry.includes('/') && program.includes('/');
  return bothArePaths ? entry === normalize(program) : basename(entry) === basename(program);
}

function judgeUser(user: string | null, runAs: readonly string[] | null, agent: AgentUser): string | null {
  if (user === null || user === agent.name) return null;
  if (!agent.isRoot) return `The agent runs as ${agent.name}, not as root, and so cannot run commands as ${user}`;
  if (runAs && !runAs.includes(user)) return `The host policy does not allow commands to be run as ${user}`;
  return null;
}
