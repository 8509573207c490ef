import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

/** A user of this host, as a command needs to know it. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  groups: readonly number[];
  home: string;
  shell: string;
}

/** The user this process runs as. */
export function ownAccount(): Account {
  const { username, uid, gid, homedir, shell } = userInfo();
  return { name: username, uid, gid, groups: process.getgroups?.() ?? [gid], home: homedir, shell: shell ?? '/bin/sh' };
}

/** A user by name, from all sources this host knows (files, LDAP ...); null when there is none. */
export function findAccount(name: string): Account | null {
  const entry = ask('getent', ['passwd', '--', name]);
  if (!entry) return null;
  const [, , uid, gid, , home, shell] = entry.split(':');
  const groups = ask('id', ['-G', '--', name]);
  if (!uid || !gid || groups === null) return null;
  return {
    name,
    uid: Number(uid),
    gid: Number(gid),
    groups: groups.split(' ').map(Number),
    home: home || '/',
    shell: shell || '/bin/sh',
  };
}

function ask(program: string, argv: string[]): string | null {
  try {
    return execFileSync(program, argv, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    }).trim();
  } catch {
    // Both say "no such user" by their exit code.
    return null;
  }
}

/**
 * The environment every command starts from. It owes nothing to the agent's own, so nothing secret of the agent can
 * leak into a command.
 */
export function cleanEnvironment(account: Account): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
    LANG: 'C.UTF-8',
  };
}
