/**
 * Wakes readers when something they follow may have changed. It carries no data: what is true is in PostgreSQL, and a
 * reader resumes from the number it last saw. A lost wake costs a reader at most its polling interval.
 */
export interface EventBus {
  publish(topic: Topic): void;
  /** @returns a function that ends the subscription. */
  subscribe(topic: Topic, wake: () => void): () => void;
}

/** What can be woken for: changes of a workspace, a command's output, a server's queue, new samples, revocations. */
export type Topic =
  `workspace:${string}` | `output:${string}` | `queue:${string}` | `metrics:${string}` | 'revocations';

/** The bus of a control plane with one replica. */
export class InProcessEventBus implements EventBus {
  private readonly listeners = new Map<Topic, Set<() => void>>();

  publish(topic: Topic): void {
    for (const wake of this.listeners.get(topic) ?? []) wake();
  }

  subscribe(topic: Topic, wake: () => void): () => void {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(wake));
    return () => {
      listeners.delete(wake);
      if (listeners.size === 0) this.listeners.delete(topic);
    };
  }
}
