/**
 * Lets so many in at a time, the others in the order in which they came: for work that waits for a lock with a connection
 * of the pool in hand, so that it never holds all of them.
 */
export class Gate {
  private readonly line: (() => void)[] = [];

  constructor(private free: number) {}

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever is next takes this place; nobody comes between.
      const next = this.line.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}
