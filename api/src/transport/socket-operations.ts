import type { ExecutionResult } from 'graphql';
import type { Logger } from '../kernel/log.js';

type Events = AsyncGenerator<ExecutionResult, void, void>;

/**
 * The operations under way on one socket, from being asked until they have really ended. graphql-ws forgets one as soon
 * as the client says that it is complete, while it still runs: what it forgets is counted and ended here.
 */
export class SocketOperations {
  private readonly underWay = new Map<string, Events | null>();

  constructor(private readonly log: Logger) {}

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
  follow(id: string, events: Events): Events {
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
      return: async () => {
        await this.tidyUp(events);
        return ended({ done: true, value: undefined });
      },
      throw: (error: unknown) => events.throw(ended(error)),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Ends all subscriptions: their socket is closed. */
  async endAll(): Promise<void> {
    await Promise.all([...this.underWay.values()].map(async (events) => events && this.tidyUp(events)));
  }

  /** Nobody waits for these events any more: what goes wrong now ends nothing else. */
  private async tidyUp(events: Events): Promise<void> {
    try {
      await events.return();
    } catch (error) {
      this.log.error({ err: error }, 'A subscription could not be tidied up');
    }
  }
}
