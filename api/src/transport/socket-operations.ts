import type { ExecutionResult } from 'graphql';

/**
 * The operations under way on one socket, from being asked until they have really ended. graphql-ws forgets one as soon
 * as the client says that it is complete, while it still runs: what it forgets is counted and ended here.
 */
export class SocketOperations {
  private readonly underWay = new Map<string, AsyncGenerator<ExecutionResult, void, void> | null>();

  get count(): number {
    return this.underWay.size;
  }

  /** @returns false when an operation with this id has not ended yet. */
  begin(id: string): boolean {
    if (this.underWay.has(id)) return false;
    this.underWay.set(id, null);
    return true;
  }

  end(id: string): void {
    this.underWay.delete(id);
  }

  /** Joins a subscription's events to its operation: one ends with the other. */
  follow(id: string, events: AsyncGenerator<ExecutionResult, void, void>): AsyncGenerator<ExecutionResult, void, void> {
    this.underWay.set(id, events);
    const ended = <T>(result: T): T => {
      this.end(id);
      return result;
    };
    return {
      next: async () => {
        try {
          const result = await events.next();
          return result.done ? ended(result) : result;
        } catch (error) {
          throw ended(error);
        }
      },
      return: async () => ended(await events.return()),
      throw: (error: unknown) => events.throw(ended(error)),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Ends all subscriptions: their socket is closed. */
  async endAll(): Promise<void> {
    await Promise.all([...this.underWay.values()].map(async (events) => events?.return()));
  }
}
