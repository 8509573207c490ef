import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to the api that can be cut, as a network is. */
export class CutProxy {
  readonly origin: string;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async before(origin: string): Promise<CutProxy> {
    const { hostname, port } = new URL(origin);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new CutProxy(server);
    server.on('connection', (client) => proxy.join(client, connect(Number(port), hostname)));
    return proxy;
  }

  /** Cuts every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, api: Socket): void {
    for (const [from, to] of [
      [client, api],
      [api, client],
    ] as const) {
      this.sockets.add(from);
      from.pipe(to);
      // A cut connection is what the test is about; the other half goes with it.
      from.on('error', () => to.destroy());
      from.once('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
