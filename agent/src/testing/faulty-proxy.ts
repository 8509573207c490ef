import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

const LARGEST_PIECE_BITS = 10;
const DELAYED_IS_ONE_IN = 16;
const LONGEST_DELAY_MS = 8;
const LONGEST_SLOW_DELAY_MS = 40;

/** Random numbers from 0 on, below the one given. */
export type Numbers = (below: number) => number;

interface Path {
  /** Which of the targets it leads to. */
  way: number;
  near: Socket;
  far: Socket;
  isPassing: boolean;
}

/**
 * A TCP path at its worst: what is sent arrives in pieces of one byte and more, late, and now and then the path is cut,
 * silent, or there for one side only. It leads to several servers in turn, past those that do not listen, as a balancer
 * does. Faults are done to the connections of one way, or of all.
 */
export class FaultyProxy {
  url = '';
  /** Nobody gets through, and whoever tries is reset. */
  isClosed = false;
  /** What passes takes its time. */
  isSlow = false;
  private readonly paths = new Set<Path>();
  private server!: Server;
  private connections = 0;

  private constructor(
    private readonly targets: readonly URL[],
    private readonly next: Numbers,
  ) {}

  static async start(targets: readonly string[], next: Numbers): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(
      targets.map((target) => new URL(target)),
      next,
    );
    proxy.server = createServer({ noDelay: true }, (near) => void proxy.lead(near));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Resets every connection, on both sides. */
  cut(way?: number): void {
    for (const { near, far } of this.along(way)) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Every connection stays open on both sides, and nothing passes any more. New ones work. */
  silence(way?: number): void {
    for (const path of this.along(way)) path.isPassing = false;
  }

  /** Half open: the client's side is reset, the server's stays open and silent. */
  leaveServerWaiting(way?: number): void {
    this.silence(way);
    for (const { near } of this.along(way)) near.resetAndDestroy();
  }

  /** Half open: the server's side is reset, the client's stays open and silent. */
  leaveClientWaiting(way?: number): void {
    this.silence(way);
    for (const { far } of this.along(way)) far.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private along(way?: number): Path[] {
    return [...this.paths].filter((path) => way === undefined || path.way === way);
  }

  private async lead(near: Socket): Promise<void> {
    near.on('error', () => {
      // Its close follows and is all that matters.
    });
    const first = (this.connections += 1);
    for (let tries = 0; tries < this.targets.length && !this.isClosed; tries += 1) {
      const way = (first + tries) % this.targets.length;
      const far = await reach(this.targets[way] as URL);
      if (far) return this.join(way, near, far);
    }
    near.resetAndDestroy();
  }

  private join(way: number, near: Socket, far: Socket): void {
    const path = { way, near, far, isPassing: true };
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
          await this.pause();
        }
      }
    } catch {
      // It was reset. So is the other side, in what follows.
    } finally {
      if (path.isPassing) to.destroySoon();
      if (path.near.destroyed && path.far.destroyed) this.paths.delete(path);
    }
  }

  private pause(): Promise<void> {
    if (this.isSlow) return delay(this.next(LONGEST_SLOW_DELAY_MS));
    return this.next(DELAYED_IS_ONE_IN) === 0 ? delay(this.next(LONGEST_DELAY_MS)) : nextTurn();
  }

  private *piecesOf(chunk: Buffer): Generator<Buffer> {
    for (let at = 0; at < chunk.length;) {
      const end = at + 1 + this.next(1 << this.next(LARGEST_PIECE_BITS));
      yield chunk.subarray(at, end);
      at = end;
    }
  }
}

/** Null where nobody listens. */
async function reach({ hostname, port }: URL): Promise<Socket | null> {
  const far = connect({ port: Number(port), host: hostname, noDelay: true });
  try {
    await once(far, 'connect');
    return far;
  } catch {
    return null; // refused, which the next target may not be
  }
}
