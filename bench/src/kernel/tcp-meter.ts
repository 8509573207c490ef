import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Passes connections on and counts the bytes of both directions. */
export class TcpMeter {
  bytes = 0;
  /** Where it passes them on to, on loopback; set before the first connection. */
  targetPort = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (near) => this.join(near));
  }

  static async start(): Promise<TcpMeter> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpMeter(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(near: Socket): void {
    const far = connect(this.targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (chunk) => (this.bytes += chunk.length));
      from.pipe(to);
      from.once('error', () => to.destroy());
      from.once('close', () => this.sockets.delete(from));
    }
  }
}
