import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, rm, symlink } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { basename, dirname, join } from 'node:path';
import type { CapabilityStatus } from '../kernel/capability.js';
import type { LinkStatus } from '../link/link.js';

/** What a running agent tells of itself to its own user on this host. */
export interface AgentStatus {
  version: string;
  pid: number;
  startedAt: string;
  serverId: string;
  url: string;
  link: LinkStatus;
  key: { id: string; ageDays: number | null };
  capabilities: Readonly<Record<string, CapabilityStatus>>;
}

/** A unix socket's name may hold 107 bytes; a longer path is reached through an open descriptor of its directory. */
const MAX_SOCKET_PATH_BYTES = 107;

export interface StatusPlace {
  /** Where it is asked for. */
  path: string;
  /** Where the socket then lies, with a link at `path`; null: at `path` itself. */
  runtimeDirectory: string | null;
}

/**
 * Answers `GET /status` on a unix socket that only the agent's own user may open. Call it holding the state's lock:
 * what lies there is then from a process that is gone.
 * @returns how to stop it
 */
export async function serveStatus(place: StatusPlace, status: () => AgentStatus): Promise<() => Promise<void>> {
  const server = createServer((incoming, answer) => {
    const isKnown = incoming.method === 'GET' && incoming.url === '/status';
    answer.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json', connection: 'close' });
    answer.end(JSON.stringify(isKnown ? status() : { message: 'Ask for /status' }));
  });
  const { path, runtimeDirectory } = place;
  const socket = runtimeDirectory === null ? path : join(runtimeDirectory, basename(path));
  for (const former of [path, socket]) await rm(former, { force: true });
  const { reachable, release } = shorten(socket);
  server.listen(reachable);
  await once(server, 'listening').finally(release);
  await chmod(socket, 0o600);
  if (socket !== path) await symlink(socket, path);
  return async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    for (const own of [path, socket]) await rm(own, { force: true });
  };
}

/** The running agent's status; null when none runs on this state directory. @throws when one is there but hangs. */
export async function askStatus(path: string): Promise<AgentStatus | null> {
  const { reachable, release } = shorten(path);
  return new Promise<AgentStatus | null>((resolve, reject) => {
    const asking = request({ socketPath: reachable, path: '/status', signal: AbortSignal.timeout(5000) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve(JSON.parse(text) as AgentStatus));
    });
    asking.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else reject(new Error('The agent does not answer on its socket', { cause: error }));
    });
    asking.end();
  }).finally(release);
}

function shorten(path: string): { reachable: string; release: () => void } {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { reachable: path, release: () => {} };
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { reachable: `/proc/self/fd/${directory}/${basename(path)}`, release: () => closeSync(directory) };
}
