import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** The wanted port, or the next one above it on which this machine can listen; 0 asks for any. */
export async function freePort({ host, port }: { host: string; port: number }): Promise<number> {
  for (let candidate = port; candidate <= 65_535; candidate++) {
    const found = await tryPort(host, candidate);
    if (found !== null) return found;
  }
  throw new Error(`No port from ${port} upwards is free on ${host}.`);
}

async function tryPort(host: string, port: number): Promise<number | null> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen({ host, port, exclusive: true });
    await listening;
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw new Error(`Pilothouse cannot listen on ${host}:${port}: ${(error as Error).message}`, { cause: error });
  } finally {
    server.close();
  }
}
