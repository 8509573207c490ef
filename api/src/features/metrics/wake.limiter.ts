import type { EventBus, Topic } from '../../kernel/event-bus.js';

const QUIET_MS = 500;

/**
 * Passes wakes on to the bus, at most two a second for each topic: the first at once, those that follow together. With a
 * thousand agents, every follower of a workspace would otherwise read a hundred times a second.
 */
export class WakeLimiter {
  /** Topics that were woken less than `QUIET_MS` ago, and whether a wake has come since. */
  private readonly quiet = new Map<Topic, { again: boolean }>();

  constructor(private readonly bus: EventBus) {}

  wake(topic: Topic): void {
    const state = this.quiet.get(topic);
    if (state) state.again = true;
    else this.pass(topic);
  }

  private pass(topic: Topic): void {
    const state = { again: false };
    this.quiet.set(topic, state);
    setTimeout(() => {
      this.quiet.delete(topic);
      if (state.again) this.pass(topic);
    }, QUIET_MS).unref();
    this.bus.publish(topic);
  }
}
