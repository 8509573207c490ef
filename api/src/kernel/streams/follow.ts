import type { EventBus, Topic } from '../event-bus.js';

export interface Followed<Item> {
  bus: EventBus;
  topic: Topic;
  /** The next items after those already given, in order; empty when there is nothing new. */
  read: () => Promise<readonly Item[]>;
  /** Whether the last read found all there was. If not given, only an empty read says so. */
  isCaughtUp?: () => boolean;
  /** Whether nothing can come any more; asked after an empty read. */
  isOver?: () => boolean;
  /** How long a lost wake may go unnoticed, in milliseconds. Other replicas are noticed by it too. */
  pollMs?: number;
}

/**
 * Follows durable rows: reads until there is nothing new, then waits for a wake of the bus or the polling interval.
 * A wake during a read is not lost. Nothing is buffered: a slow consumer simply asks later.
 */
export function follow<Item>({
  bus,
  topic,
  read,
  isCaughtUp,
  isOver,
  pollMs = 1000,
}: Followed<Item>): AsyncGenerator<Item, void> {
  let woken = true;
  let ended = false;
  let ring: () => void = () => undefined;
  const unsubscribe = bus.subscribe(topic, () => {
    woken = true;
    ring();
  });
  const rest = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      ring = () => {
        clearTimeout(timer);
        resolve();
      };
      if (woken || ended) ring();
    });

  async function* run(): AsyncGenerator<Item, void> {
    while (!ended) {
      woken = false;
      const items = await read();
      yield* items;
      if (items.length > 0 && !isCaughtUp?.()) continue;
      if (items.length === 0 && isOver?.()) return;
      await rest();
    }
  }

  // A generator that waits inside `await` only ends at its next yield; ending must not wait for the next change.
  const inner = run();
  const end = () => {
    ended = true;
    unsubscribe();
    ring();
  };
  return {
    next: async () => {
      const result = await inner.next();
      if (result.done) end();
      return result;
    },
    return: async () => {
      end();
      return { done: true, value: undefined };
    },
    throw: async (error: unknown) => {
      end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
