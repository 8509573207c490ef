/** A queue longer than `high` asks for a pause until it is down to `low`. */
export const QUEUE = { high: 64, low: 16 } as const;

/** Events between the socket, which pushes, and a reader, who pulls. */
export class EventQueue<Event> implements AsyncIterable<Event> {
  private readonly events: Event[] = [];
  private ending: { error: Error | null } | null = null;
  private isFull = false;
  private wake: () => void = () => undefined;

  constructor(private readonly onPressure: (isFull: boolean) => void) {}

  push(event: Event): void {
    this.events.push(event);
    if (!this.isFull && this.events.length > QUEUE.high) this.setFull(true);
    this.wake();
  }

  end(): void {
    this.ending ??= { error: null };
    this.wake();
  }

  fail(error: Error): void {
    this.ending ??= { error };
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void> {
    for (;;) {
      const event = this.events.shift();
      if (event !== undefined) {
        if (this.isFull && this.events.length <= QUEUE.low) this.setFull(false);
        yield event;
      } else if (this.ending) {
        if (this.ending.error) throw this.ending.error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }

  private setFull(isFull: boolean): void {
    this.isFull = isFull;
    this.onPressure(isFull);
  }
}
