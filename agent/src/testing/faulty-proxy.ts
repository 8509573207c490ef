import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

const LARGEST_PIECE_BITS = 10;
const DELAYED_IS_ONE_IN = 16;
const LONGEST_DELAY_MS = 8;

/** Random numbers from 0 on, below the one given. */
export type Numbers = (below: number) => number;

interface Path {
  near: Socket;
  far: Socket;
  isPassing: boolean;
}

/**
 * A TCP path at its worst: what is sent arrives in pieces of one byte and more, late, and now and then the path is cut,
 * silent, or there for one side only.
 */
export class FaultyProxy {
  url = '';
  private readonly paths = new Set<Path>();
  private server!: Server;

  private constructor(private readonly next: Numbers) {}

  static async start(target: string, next: Numbers): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(next);
    const { hostname, port } = new URL(target);
    proxy.server = createServer({ noDelay: true }, (near) => {
      proxy.join(near, connect({ port: Number(port), host: hostname, noDelay: true }));
    });
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Resets every connection, on both sides. */
  cut(): void {
    for (const { near, far } of this.paths) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Every connection stays open on both sides, and nothing passes any more. New ones work. */
  silence(): void {
    for (const path of this.paths) path.isPassing = false;
  }

  /** Half open: the client's side is reset, the server's stays open and silent. */
  leaveServerWaiting(): void {
    this.silence();
    for (const { near } of this.paths) near.resetAndDestroy();
  }

  /** Half open: the server's side is reset, the client's stays open and silent. */
  leaveClientWaiting(): void {
    this.silence();
    for (const { far } of this.paths) far.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private join(near: Socket, far: Socket): void {
    const path = { near, far, isPassing: true };
    this.paths.add(path);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => {
        // Its close follows and is all that matters.
      });
      void this.pass(path, from, to);
    }
  }

  private async pass(path: Path, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        for (const piece of this.piecesOf(chunk as Buffer)) {
          if (!path.isPassing) return;
          to.write(piece);
          await (this.next(DELAYED_IS_ONE_IN) === 0 ? delay(this.next(LONGEST_DELAY_MS)) : nextTurn());
        }
      }
    } catch {
      // It was reset. So is the other side, in what follows.
    } finally {
      if (path.isPassing) to.destroySoon();
      if (path.near.destroyed && path.far.destroyed) this.paths.delete(path);
    }
  }

  private *piecesOf(chunk: Buffer): Generator<Buffer> {
    for (let at = 0; at < chunk.length;) {
      const end = at + 1 + this.next(1 << this.next(LARGEST_PIECE_BITS));
      yield chunk.subarray(at, end);
      at = end;
    }
  }
}
