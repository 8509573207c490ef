import { createServer } from 'node:net';

/** Out of the range from which the kernel hands out ports, so that no outgoing connection ever sits on it. */
export const FIRST_PORT = 7732;

/** The first port at or above `from` on which this host accepts connections on loopback. */
export async function freePort(from: number): Promise<number> {
  for (let port = from; port < 65_536; port++) {
    if (await canListen(port)) return port;
  }
  throw new RangeError(`No free port from ${from} upwards`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
