/** Values in order of arrival, for whoever waits for the next one; the test's way of waiting for the event itself. */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  latest: T | undefined;
  private readonly values: T[] = [];
  private readonly waiting: ((result: IteratorResult<T>) => void)[] = [];
  private isEnded = false;

  push(value: T): void {
    this.latest = value;
    const waiter = this.waiting.shift();
    if (waiter) waiter({ value, done: false });
    else this.values.push(value);
  }

  end(): void {
    this.isEnded = true;
    for (const waiter of this.waiting.splice(0)) waiter({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T>> {
    const [value] = this.values.splice(0, 1);
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.isEnded) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The next value, whenever it comes. */
  async take(): Promise<T> {
    const { value, done } = await this.next();
    if (done) throw new Error('The queue has ended');
    return value as T;
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
