import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './root.mjs';
import { CommandFailed, run } from './run.mjs';

const execFileAsync = promisify(execFile);
const hostScript = join(root, 'agent/src/testing/booted-host.sh');
const probeTimeoutMs = 20_000;

/**
 * A real thing that tests or measurements run against, instead of a stand-in.
 *
 * @typedef {object} RealPart
 * @property {string} name as tests write it: `[needs chromium]`
 * @property {string} use
 * @property {boolean} neededByTests
 * @property {string[]} packages Debian packages that bring it
 * @property {string[]} probe a command that succeeds only where the part works
 */

/** @type {readonly RealPart[]} */
export const realParts = [
  {
    name: 'chromium',
    use: 'the dashboard in a real browser',
    neededByTests: true,
    packages: ['chromium'],
    probe: ['/usr/bin/chromium', '--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', 'about:blank'],
  },
  {
    name: 'systemd-nspawn',
    use: 'hosts booted with systemd',
    neededByTests: true,
    packages: ['systemd-container', 'dbus', 'iproute2', 'curl', 'wget', 'busybox'],
    probe: ['unshare', '--mount', '--propagation', 'private', 'sh', hostScript, '--probe'],
  },
  {
    name: 'docker',
    use: 'containers on a real engine',
    neededByTests: false,
    packages: ['docker.io', 'iptables', 'caddy', 'postgresql-client', 'redis-server', 'wget'],
    probe: ['docker', 'info', '--format', '{{.ServerVersion}}'],
  },
  {
    name: 'redis',
    use: 'several replicas of the api',
    neededByTests: true,
    packages: ['redis-server'],
    probe: ['redis-server', '--version'],
  },
  {
    name: 'openssh-server',
    use: 'the ssh column of the bench tables',
    neededByTests: false,
    packages: ['openssh-server', 'openssh-client'],
    probe: ['/usr/sbin/sshd', '-V'],
  },
];

/**
 * The given parts that do not work on this machine.
 *
 * @param {readonly RealPart[]} parts
 */
export async function missingParts(parts) {
  const works = await Promise.all(parts.map((part) => succeeds(part.probe)));
  return parts.filter((_, index) => !works[index]);
}

/**
 * Makes the given parts work: installs their packages as root, and otherwise prints the line that does.
 *
 * @param {readonly RealPart[]} parts
 * @returns {Promise<RealPart[]>} those that still do not work
 */
export async function installParts(parts) {
  const missing = await missingParts(parts);
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0) {
    console.log(`Missing: ${names(missing)}. To install: sudo apt-get install ${packagesOf(missing).join(' ')}`);
    return missing;
  }
  console.log(`Installing ${names(missing)} …`);
  try {
    await aptInstall(packagesOf(missing));
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.log(`Could not install ${names(missing)}: ${error.message}.`);
  }
  return missingParts(missing);
}

/** @param {readonly RealPart[]} parts */
export function names(parts) {
  return parts.map((part) => part.name).join(', ');
}

/** @param {readonly RealPart[]} parts */
export function packagesOf(parts) {
  return [...new Set(parts.flatMap((part) => part.packages))];
}

/** @param {readonly string[]} packages */
async function aptInstall(packages) {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, quiet: true };
  await run('apt-get', ['update', '-qq'], options);
  await run('apt-get', ['install', '-qq', '--yes', '--no-install-recommends', ...packages], options);
}

/** @param {string[]} command */
async function succeeds([program = '', ...args]) {
  try {
    await execFileAsync(program, args, { timeout: probeTimeoutMs });
    return true;
  } catch {
    return false; // The probe's question is yes or no; whoever wants the reason runs the command by hand.
  }
}
