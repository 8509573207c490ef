import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

const run = promisify(execFile);

/** The system account that the server runs as. PostgreSQL refuses to run as root. */
export interface Account {
  uid: number;
  gid: number;
  name: string;
}

/** Made when the host has no `postgres` account. `nobody` is not used: it is shared with unrelated services. */
const OWN_ACCOUNT = 'pilothouse-postgres';

export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

export function currentAccount(): Account {
  const uid = process.getuid?.() ?? -1;
  return { uid, gid: process.getgid?.() ?? -1, name: `user ${uid}` };
}

/** The account a new cluster gets when Pilothouse runs as root; creates one where the host has none. */
export async function unprivilegedAccount(log: (line: string) => void): Promise<Account> {
  const existing = (await lookUp('postgres')) ?? (await lookUp(OWN_ACCOUNT));
  if (existing) return existing;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', OWN_ACCOUNT]);
  } catch (error) {
    throw noAccount(error);
  }
  const created = await lookUp(OWN_ACCOUNT);
  if (!created) throw noAccount(undefined);
  log(`Created the system account ${OWN_ACCOUNT}, because PostgreSQL does not run as root`);
  return created;
}

/** Asks the kernel rather than the mode bits, so that ACLs and security modules count. */
export async function canEnter(path: string, account: Account): Promise<boolean> {
  if (!runsAsRoot()) return true;
  try {
    await run('test', ['-x', path], { ...identityOf(account), cwd: '/' });
    return true;
  } catch {
    return false; // `test` answers no by its exit status; a host that cannot run it gets the answer no as well
  }
}

/** What `spawn` needs to run a program as the account. */
export function identityOf(account: Account): { uid?: number; gid?: number } {
  return runsAsRoot() ? { uid: account.uid, gid: account.gid } : {};
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const { stdout } = await run('getent', ['passwd', name]);
    const [, , uid, gid] = stdout.split(':');
    return { uid: Number(uid), gid: Number(gid), name };
  } catch {
    return undefined; // getent exits with 2 for an unknown name
  }
}

function noAccount(cause: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'NO_ACCOUNT',
    'PostgreSQL does not run as root and this host has no account named postgres. ' +
      `Create one (useradd --system ${OWN_ACCOUNT}) or start Pilothouse as an ordinary user.`,
    { cause },
  );
}
