import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy that can let a connection go silent, as when a cable is pulled: open on both ends, nothing passes. */
export class TcpProxy {
  isFrozen = false;
  /** Cuts each connection as it comes; for those that are there, `cut`. */
  isRefusing = false;
  url = '';
  private readonly sockets = new Set<Socket>();
  private server!: Server;

  static async start(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy();
    const { hostname, port } = new URL(target);
    proxy.server = createServer((near) => {
      if (proxy.isRefusing) near.resetAndDestroy();
      else proxy.join(near, connect(Number(port), hostname));
    });
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Cuts every connection with a reset. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (chunk) => {
        if (!this.isFrozen) to.write(chunk);
      });
      from.on('close', () => {
        this.sockets.delete(from);
        if (!this.isFrozen) to.destroy();
      });
      from.on('error', () => {
        // Its close follows and is all that matters.
      });
    }
  }
}
